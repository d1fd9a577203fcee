import { describe, expect, it } from 'vitest';

import { Secret } from '../../../../src/domain/index.js';
import {
  agentConfig,
  type AgentSettings,
  configHash,
  roleConfigHash,
  serverConfig,
  type ServerSettings,
  templateHash,
} from '../../../../src/distributions/k3s/host/index.js';

const settings = {
  externalCloudProvider: true,
  disable: ['traefik', 'local-storage'],
  network: { pods: '10.42.0.0/16', services: '10.43.0.0/16', encryption: 'wireguard' as const },
};
const server: ServerSettings = {
  ...settings,
  nodeName: 'demo-cp-1-x7k2p',
  nodeAddress: '10.0.0.2',
  privateInterface: 'enp7s0',
  labels: { tier: 'web' },
  taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
  providerId: 'hcloud://4711',
  tlsSans: ['203.0.113.1'],
  joinAddress: undefined,
  tokens: { server: new Secret('server-password'), agent: new Secret('agent-password') },
};
const agent: AgentSettings = { ...server, joinAddress: '10.0.0.254', token: new Secret('K10ab::node:agent-password') };
const hash = (change: Partial<ServerSettings> = {}) => configHash(serverConfig({ ...server, ...change }));

describe('the hash of a configuration', () => {
  it.each<[string, Partial<ServerSettings>]>([
    ['joins instead of starting the cluster', { joinAddress: '10.0.0.254' }],
    [
      'is another machine',
      { nodeName: 'other', nodeAddress: '10.0.0.3', providerId: 'hcloud://1', privateInterface: 'eth1' },
    ],
    ['has other tokens', { tokens: { server: new Secret('a'), agent: new Secret('b') } }],
    ['is called by more names', { tlsSans: ['203.0.113.1', '203.0.113.2'] }],
    ['has labels and taints, which are changed through the API', { labels: {}, taints: [] }],
    ['runs on an old kernel', { allowCgroupV1: true }],
    ['leaves out the same parts in another order', { disable: ['local-storage', 'traefik', 'traefik'] }],
  ])('is the same for a server that %s', (_, change) => {
    expect(hash(change)).toBe(hash());
  });

  it.each<[string, Partial<ServerSettings>]>([
    ['leaves out another part', { disable: ['traefik'] }],
    ['has another network', { network: { ...settings.network, encryption: 'none' } }],
    ['has a cloud controller of its own', { externalCloudProvider: false }],
  ])('is another for a server that %s', (_, change) => {
    expect(hash(change)).not.toBe(hash());
  });

  it('takes a list that holds nothing but what is the host’s for none', () => {
    const change = { externalCloudProvider: false };
    expect(hash({ ...change, allowCgroupV1: true })).toBe(hash(change));
  });

  it('is known from the settings of a cluster alone', () => {
    expect(roleConfigHash('server', settings)).toBe(hash());
    expect(roleConfigHash('agent', settings)).toBe(configHash(agentConfig(agent)));
    expect(roleConfigHash('agent', settings)).not.toBe(hash());
  });

  it('fits a label, and tells no secret', () => {
    expect(hash()).toMatch(/^[0-9a-f]{16}$/);
    expect(hash({ tokens: { ...server.tokens, server: new Secret('guessed') } })).toBe(hash());
  });
});

describe('the hash of a template', () => {
  it('is another for another image or other user data', () => {
    const all = [
      ['ubuntu', 'a'],
      ['ubuntu', 'b'],
      ['debian', 'a'],
    ].map(([image, data]) => templateHash(image!, data!));
    expect(new Set(all).size).toBe(3);
    expect(templateHash('ubuntu', 'a')).toBe(all[0]);
  });
});
