import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Secret, selfAssignableLabels } from '../../../../src/domain/index.js';
import {
  agentConfig,
  apiUrl,
  sharedValues,
  disabledComponents,
  knownKeys,
  renderConfig,
  serverConfig,
  type AgentSettings,
  type ServerSettings,
} from '../../../../src/distributions/k3s/host/index.js';

const node = {
  nodeName: 'demo-cp-1-x7k2p',
  nodeAddress: '10.0.0.2',
  privateInterface: 'enp7s0',
  labels: { tier: 'web', 'slipway.dev/pool': 'cp' },
  taints: [],
  externalCloudProvider: true,
  providerId: 'hcloud://4711',
};
const server: ServerSettings = {
  ...node,
  tlsSans: ['203.0.113.1', '10.0.0.2'],
  joinAddress: undefined,
  tokens: { server: new Secret('server-password'), agent: new Secret('agent-password') },
  network: { pods: '10.42.0.0/16', services: '10.43.0.0/16', encryption: 'wireguard' },
  disable: disabledComponents({ serviceLoadBalancer: 'provider', storageClass: 'hcloud-volumes' }),
};
const agent: AgentSettings = {
  ...node,
  nodeName: 'demo-web-1-a2b3c',
  joinAddress: '10.0.0.254',
  token: new Secret('K10ab::node:agent-password'),
};
const read = (role: 'server' | 'agent', settings: ServerSettings | AgentSettings): unknown =>
  parse(renderConfig(role, 'tokens' in settings ? serverConfig(settings) : agentConfig(settings)).reveal());

describe('a server’s configuration', () => {
  it('of the first one starts the cluster', () => {
    expect(read('server', server)).toEqual({
      'cluster-init': true,
      token: 'server-password',
      'agent-token': 'agent-password',
      'cluster-cidr': '10.42.0.0/16',
      'service-cidr': '10.43.0.0/16',
      'flannel-backend': 'wireguard-native',
      disable: ['traefik', 'servicelb', 'local-storage'],
      'disable-cloud-controller': true,
      'secrets-encryption': true,
      'node-name': 'demo-cp-1-x7k2p',
      'node-ip': '10.0.0.2',
      'flannel-iface': 'enp7s0',
      'kubelet-arg': ['cloud-provider=external', 'provider-id=hcloud://4711'],
      'node-label': ['tier=web', 'slipway.dev/pool=cp'],
      'prefer-bundled-bin': true,
      'tls-san': ['203.0.113.1', '10.0.0.2'],
      'write-kubeconfig-mode': '0600',
      'etcd-snapshot-schedule-cron': '0 */6 * * *',
      'etcd-snapshot-retention': 12,
    });
  });

  it('of a further one joins, and differs in nothing that must be equal', () => {
    const second = {
      ...server,
      joinAddress: '10.0.0.254',
      nodeName: 'demo-cp-2',
      tokens: { ...server.tokens, server: new Secret('K10ab::server:x') },
    };
    expect(read('server', second)).toMatchObject({ server: 'https://10.0.0.254:6443', token: 'K10ab::server:x' });
    expect(read('server', second)).not.toHaveProperty('cluster-init');
    expect(renderConfig('server', sharedValues(second)).reveal()).toBe(
      renderConfig('server', sharedValues(server)).reveal(),
    );
  });

  it('encrypts between nodes unless told not to', () => {
    const plain = { ...server, network: { ...server.network, encryption: 'none' as const } };
    expect(read('server', plain)).toMatchObject({ 'flannel-backend': 'vxlan' });
  });

  it('keeps k3s’s own cloud controller where no other one comes', () => {
    const config = read('server', { ...server, externalCloudProvider: false });
    expect(config).not.toHaveProperty('disable-cloud-controller');
    expect(config).not.toHaveProperty('kubelet-arg');
  });

  it('taints servers as asked', () => {
    const taints = [
      { key: 'node-role.kubernetes.io/control-plane', value: 'true', effect: 'NoSchedule' },
      { key: 'dedicated', effect: 'NoExecute' },
    ];
    expect(read('server', { ...server, taints })).toMatchObject({
      'node-taint': ['node-role.kubernetes.io/control-plane=true:NoSchedule', 'dedicated:NoExecute'],
    });
    expect(read('server', server)).not.toHaveProperty('node-taint');
  });
});

describe('an agent’s configuration', () => {
  it('holds nothing that only a server knows', () => {
    expect(read('agent', agent)).toEqual({
      server: 'https://10.0.0.254:6443',
      token: 'K10ab::node:agent-password',
      'node-name': 'demo-web-1-a2b3c',
      'node-ip': '10.0.0.2',
      'flannel-iface': 'enp7s0',
      'kubelet-arg': ['cloud-provider=external', 'provider-id=hcloud://4711'],
      'node-label': ['tier=web', 'slipway.dev/pool=cp'],
      'prefer-bundled-bin': true,
    });
  });

  it('leaves the choice to k3s where there is no private network', () => {
    const config = read('agent', { ...agent, nodeAddress: '', privateInterface: undefined, providerId: undefined });
    expect(config).not.toHaveProperty('node-ip');
    expect(config).not.toHaveProperty('flannel-iface');
    expect(config).toMatchObject({ 'kubelet-arg': ['cloud-provider=external'] });
  });
});

describe('rendering', () => {
  it('refuses a key that k3s would only warn about', () => {
    expect(() => renderConfig('agent', { 'tls-san': ['x'] })).toThrow('no setting tls-san');
    expect(() => renderConfig('server', { 'tls-sans': ['x'] })).toThrow('no setting tls-sans');
    expect(knownKeys.server).toEqual(expect.arrayContaining([...knownKeys.agent]));
  });

  it('keeps text text, whatever YAML would make of it', () => {
    const values = {
      'node-label': ['a=true', 'b=0x10', 'c='],
      'node-name': '1e3',
      'write-kubeconfig-mode': '0600',
      token: 'no',
    };
    expect(parse(renderConfig('server', values).reveal(), { version: '1.1' })).toEqual(values);
  });

  it('is a secret as a whole', () => {
    expect(String(renderConfig('server', serverConfig(server)))).toBe('[secret]');
    expect(JSON.stringify(serverConfig(server))).not.toContain('password');
  });

  it.each([
    ['10.0.0.2', 'https://10.0.0.2:6443'],
    ['api.example.net', 'https://api.example.net:6443'],
    ['fd00::1', 'https://[fd00::1]:6443'],
  ])('calls the API at %s by %s', (address, url) => expect(apiUrl(address)).toBe(url));
});

describe('labels a node may give itself', () => {
  it.each([
    ['tier', true],
    ['slipway.dev/pool', true],
    ['example.com/kubernetes.io', true],
    ['notkubernetes.io/x', true],
    ['topology.kubernetes.io/zone', true],
    ['node.kubernetes.io/instance-type', true],
    ['kubelet.kubernetes.io/x', true],
    ['x.node.kubernetes.io/y', true],
    ['node-role.kubernetes.io/worker', false],
    ['node-restriction.kubernetes.io/x', false],
    ['kubernetes.io/x', false],
    ['k8s.io/x', false],
    ['my.k8s.io/x', false],
  ])('%s: %s', (label, allowed) => {
    expect(selfAssignableLabels({ [label]: 'v' })).toEqual(allowed ? { [label]: 'v' } : {});
  });
});
