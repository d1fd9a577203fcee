import { describe, expect, it } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import { k3s } from '../../../src/distributions/k3s/index.js';
import { refuseOtherCluster } from '../../../src/workflows/cluster/same-cluster.js';

const spec = (file: Partial<ClusterFile> = {}) =>
  clusterSchema.parse({ name: 'demo', provider: { name: 'sandbox' }, ...file });
const record = { name: 'demo', id: 'abc', spec: spec(), file: '/a/cluster.yaml', createdAt: '2026-11-20T10:00:00Z' };

const context = { distribution: () => Promise.resolve(k3s) };
const refused = (other: ReturnType<typeof spec>, file: string | undefined, fileExists: boolean): Promise<void> =>
  refuseOtherCluster(context, record, other, file, fileExists);

describe('the file of another cluster under the same name', () => {
  it('may change whatever can change in a cluster’s life', async () => {
    const changed = spec({ controlPlane: { count: 3 }, pools: [{ name: 'web' }], image: 'debian-13' });
    await expect(refused(changed, record.file, true)).resolves.toBeUndefined();
  });

  it.each<[what: string, other: Partial<ClusterFile>]>([
    ['provider.name', { provider: { name: 'hetzner' } }],
    ['network.range', { network: { range: '10.9.0.0/16' } }],
    ['network.pods', { network: { pods: '10.99.0.0/16' } }],
    ['network.services', { network: { services: '10.98.0.0/16' } }],
    ['network.encryption', { network: { encryption: 'none' } }],
  ])('is told by %s, which is named with both values', async (what, other) => {
    await expect(refused(spec(other), undefined, false)).rejects.toMatchObject({
      code: 'OTHER_CLUSTER',
      details: [expect.stringMatching(new RegExp(`^${what}: the cluster has \\S+, this asks for \\S+$`)) as string],
    });
  });

  it('is told by a second file that says otherwise, as long as the first is there', async () => {
    const other = spec({ pools: [{ name: 'web' }] });
    await expect(refused(other, '/b/cluster.yaml', true)).rejects.toThrow('made from another file');
    await expect(refused(other, '/b/cluster.yaml', false)).resolves.toBeUndefined();
    await expect(refused(spec(), '/b/cluster.yaml', true)).resolves.toBeUndefined();
  });
});
