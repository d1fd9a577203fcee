import { describe, expect, it } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import { refuseOtherCluster } from '../../../src/workflows/cluster/same-cluster.js';

const spec = (file: Partial<ClusterFile> = {}) =>
  clusterSchema.parse({ name: 'demo', provider: { name: 'sandbox' }, ...file });
const record = { name: 'demo', id: 'abc', spec: spec(), file: '/a/cluster.yaml', createdAt: '2026-11-20T10:00:00Z' };

describe('the file of another cluster under the same name', () => {
  it('may change whatever can change in a cluster’s life', () => {
    const changed = spec({ controlPlane: { count: 3 }, pools: [{ name: 'web' }], image: 'debian-13' });
    expect(() => refuseOtherCluster(record, changed, record.file, true)).not.toThrow();
  });

  it.each<[what: string, other: Partial<ClusterFile>]>([
    ['provider.name', { provider: { name: 'hetzner' } }],
    ['network.range', { network: { range: '10.9.0.0/16' } }],
    ['network.pods', { network: { pods: '10.99.0.0/16' } }],
    ['network.services', { network: { services: '10.98.0.0/16' } }],
    ['network.encryption', { network: { encryption: 'none' } }],
  ])('is told by %s, which is named with both values', (what, other) => {
    expect(() => refuseOtherCluster(record, spec(other), undefined, false)).toThrow(
      expect.objectContaining({
        code: 'OTHER_CLUSTER',
        details: [expect.stringMatching(new RegExp(`^${what}: the cluster has \\S+, this asks for \\S+$`)) as string],
      }) as Error,
    );
  });

  it('is told by a second file that says otherwise, as long as the first is there', () => {
    const other = spec({ pools: [{ name: 'web' }] });
    expect(() => refuseOtherCluster(record, other, '/b/cluster.yaml', true)).toThrow('made from another file');
    expect(() => refuseOtherCluster(record, other, '/b/cluster.yaml', false)).not.toThrow();
    expect(() => refuseOtherCluster(record, spec(), '/b/cluster.yaml', true)).not.toThrow();
  });
});
