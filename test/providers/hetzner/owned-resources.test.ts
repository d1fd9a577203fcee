import { describe, expect, it } from 'vitest';

import { balancerBecause, volumeBecause, type Surroundings } from '../../../providers/hetzner/owned-resources.js';
import { balancer, cluster, network, ours, server, theirs, volume } from './support/fixtures.js';

const around = (change: Partial<Surroundings> = {}): Surroundings => ({
  clusterId: cluster.id,
  servers: [server(1, ours)],
  networks: [network(40, ours)],
  ...change,
});
const service = { 'hcloud-ccm/service-uid': '0d9c8e9e' };
const shared = around({ servers: [server(1, ours), server(2, {})] });

describe('a load balancer', () => {
  it.each([
    ['with one of our machines as its target', { targets: [{ type: 'server', server: { id: 1 } }] }, 'target server-1'],
    [
      'whose selector found one of our machines',
      { targets: [{ type: 'label_selector', targets: [{ server: { id: 1 } }] }] },
      'target server-1',
    ],
    ['on our network', { private_net: [{ network: 40, ip: '10.0.0.9' }] }, 'on network demo-network'],
    ['of a Service that carries our label', { labels: { ...ours, ...service } }, 'label slipway.dev/cluster-id'],
    [
      'of a Service',
      { labels: service, private_net: [{ network: 40 }] },
      'on network demo-network, label hcloud-ccm/service-uid=0d9c8e9e',
    ],
  ])('%s was made by the cluster', (_what, change, because) => {
    expect(balancerBecause(balancer(change), shared)).toBe(because);
  });

  it.each([
    ['in front of the API is Slipway’s own', { labels: ours, private_net: [{ network: 40 }] }],
    ['of somebody’s Service is not', { labels: service, targets: [{ type: 'server', server: { id: 2 } }] }],
    ['of nobody known is not, with others in the project', { labels: service }],
  ])('%s', (_what, change) => {
    expect(balancerBecause(balancer(change), shared)).toBeUndefined();
  });

  it('of a Service is still known when all machines are gone and nobody else is there', () => {
    const alone = around({ servers: [] });
    expect(balancerBecause(balancer({ labels: service }), alone)).toBe('label hcloud-ccm/service-uid=0d9c8e9e');
    expect(balancerBecause(balancer({ labels: {} }), alone)).toBeUndefined();
  });
});

describe('a volume', () => {
  it.each([
    ['attached to one of our machines', { server: 1, labels: {} }, shared, 'attached to server-1'],
    ['with our label, wherever it is', { labels: ours }, shared, 'label slipway.dev/cluster-id'],
    ['of a claim, detached, in a project that only we use', {}, around(), 'label pvc-name=data-0'],
    ['of a claim, after all machines are gone', {}, around({ servers: [] }), 'label pvc-name=data-0'],
  ])('%s is the cluster’s', (_what, change, where, because) => {
    expect(volumeBecause(volume(change), where)).toBe(because);
  });

  it.each([
    ['attached to somebody else’s machine', { server: 2 }, shared],
    ['of a claim, detached, with somebody else in the project', {}, shared],
    ['of a claim of a second cluster', {}, around({ networks: [network(40, ours), network(41, theirs)] })],
    ['that names another cluster', { labels: { 'managed-by': 'csi-driver', ...theirs } }, around()],
    ['that was there before the cluster, kept from an earlier one', { created: '2026-11-20T07:59:59Z' }, around()],
    ['that no driver made', { labels: {} }, around()],
    ['of a claim when our network is gone and nothing dates us', {}, around({ networks: [] })],
  ])('%s is not', (_what, change, where) => {
    expect(volumeBecause(volume(change), where)).toBeUndefined();
  });
});
