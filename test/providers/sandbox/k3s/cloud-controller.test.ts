import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { answered } from '../../../../providers/sandbox/k3s/cloud-client.js';
import { HcloudController } from '../../../../providers/sandbox/k3s/hcloud-controller.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { World } from '../../../../providers/sandbox/world.js';
import { HelmRig, ready } from '../helm/rig.js';

const token = 'a'.repeat(64);
const uninitialized = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };
const chart = {
  chart: 'hcloud-cloud-controller-manager',
  repo: 'https://charts.hetzner.cloud',
  version: '1.35.0',
  targetNamespace: 'kube-system',
  bootstrap: true,
  valuesContent: `networking: {enabled: true}
env: {HCLOUD_LOAD_BALANCERS_LOCATION: {value: fsn1}, HCLOUD_LOAD_BALANCERS_USE_PRIVATE_IP: {value: "true"}}
`,
};
let world: World;
let rig: HelmRig;
let controller: HcloudController;

const cloud = <T>(method: 'GET' | 'POST', path: string, body?: unknown): T =>
  answered<T>(world.cloud.call({ method, path, token, body }));
const secret = (value: string): void => {
  const data = { token: Buffer.from(value).toString('base64'), network: Buffer.from('acme').toString('base64') };
  rig.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hcloud', namespace: 'kube-system' }, data });
};
const node = () => rig.get('v1', 'Node', '', 'n1');
const serving = () => ready(rig.get('apps/v1', 'Deployment', 'kube-system', 'hcloud-cloud-controller-manager'));

beforeEach(() => {
  world = new World({ ...defaultProfile, timeScale: 0.001 }, [{ token, access: 'read-write' }], () => undefined);
  rig = new HelmRig(true, (server) => {
    const call = (given: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
      world.cloud.call({ token: given, method, path, body });
    controller = new HcloudController(() => server.controllers.cluster, call);
    return [controller];
  });
  rig.server.store.watch((change) => controller.seen(change));
  const { network } = cloud<{ network: { id: number } }>('POST', '/networks', {
    name: 'acme',
    ip_range: '10.0.0.0/16',
    subnets: [{ type: 'cloud', network_zone: 'eu-central', ip_range: '10.0.0.0/24' }],
  });
  cloud('POST', '/servers', {
    name: 'n1',
    server_type: 'cx23',
    image: 'ubuntu-24.04',
    location: 'fsn1',
    networks: [network.id],
  });
  rig.put({ ...node()!, spec: { taints: [uninitialized] } });
});
afterEach(() => {
  rig.stop();
  for (const { id } of world.machines.all()) world.machines.delete(id);
});

describe('Hetzner’s cloud controller', () => {
  it('is installed on a node that is still tainted, and initializes it', async () => {
    secret(token);
    rig.chart('hcloud-cloud-controller-manager', chart);
    await expect.poll(serving).toBe(1);
    await expect.poll(() => node()?.spec?.['taints']).toBeUndefined();
    const [server] = cloud<{ servers: { id: number; public_net: { ipv4: { ip: string } } }[] }>(
      'GET',
      '/servers',
    ).servers;
    expect(node()).toMatchObject({
      spec: { providerID: `hcloud://${server!.id}` },
      metadata: { labels: { 'node.kubernetes.io/instance-type': 'cx23', 'topology.kubernetes.io/region': 'fsn1' } },
    });
    expect(node()?.status?.['addresses']).toContainEqual({ type: 'ExternalIP', address: server!.public_net.ipv4.ip });
    expect(node()?.status?.['addresses']).toContainEqual({
      type: 'InternalIP',
      address: expect.stringMatching(/^10\.0\.0\./) as string,
    });
  });

  it('leaves everything as it is with a token that the cloud does not take', async () => {
    secret('wrong');
    rig.chart('hcloud-cloud-controller-manager', chart);
    const log = (): string =>
      rig
        .all('v1', 'Pod', 'kube-system')
        .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'hcloud-cloud-controller-manager')
        .map(({ metadata }) => rig.server.controllers.logs.read(metadata.uid!, true) ?? '')
        .join('');
    await expect.poll(log).toContain('unable to authenticate (unauthorized)');
    expect(serving()).toBe(0);
    expect(node()?.spec?.['taints']).toEqual([uninitialized]);
  });

  it('makes a load balancer for a service that asks for one, and takes it away with it', async () => {
    secret(token);
    rig.namespace('traefik');
    rig.chart('hcloud-cloud-controller-manager', chart);
    const values =
      'service: {annotations: {load-balancer.hetzner.cloud/name: acme-ingress, load-balancer.hetzner.cloud/uses-proxyprotocol: "true"}}\n';
    rig.chart('traefik', {
      chart: 'traefik',
      repo: 'https://traefik.github.io/charts',
      version: '41.3.0',
      targetNamespace: 'traefik',
      valuesContent: values,
    });
    const balancers = () =>
      cloud<{
        load_balancers: {
          name: string;
          targets: unknown[];
          services: { proxyprotocol: boolean; listen_port: number }[];
        }[];
      }>('GET', '/load_balancers').load_balancers;
    await expect.poll(() => balancers()[0]?.targets.length).toBe(1);
    expect(balancers()).toMatchObject([
      { name: 'acme-ingress', services: [{ listen_port: 80, proxyprotocol: true }, { listen_port: 443 }] },
    ]);
    await expect
      .poll(() => rig.get('v1', 'Service', 'traefik', 'traefik')?.status)
      .toMatchObject({ loadBalancer: { ingress: [{ ipMode: 'Proxy' }] } });
    rig.server.store.delete(rig.server.store.resource('helm.cattle.io/v1', 'HelmChart'), 'kube-system', 'traefik');
    await expect.poll(balancers).toEqual([]);
    await expect.poll(() => rig.get('v1', 'Service', 'traefik', 'traefik')).toBeUndefined();
  });
});
