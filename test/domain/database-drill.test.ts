import { expect, it } from 'vitest';

import { databaseDrillProblems, type DatabaseDrillView } from '../../src/domain/index.js';

const found = {
  claim: 'shop/db',
  labels: {},
  size: '10Gi',
  volume: 'pvc-1',
  kept: 'csi.hetzner.cloud',
  path: undefined,
  node: undefined,
  block: false,
};
const view: DatabaseDrillView = {
  claim: 'shop/db',
  found,
  provider: 'Hetzner Cloud',
  isAtProvider: true,
  users: [{ name: 'db-0', ready: true, workload: 'StatefulSet db' }],
  copy: { ageMs: 60_000, partial: false },
  lossMs: 900_000,
  illNodes: [],
  restores: true,
  cluster: 'demo',
};

it.each<[string, Partial<DatabaseDrillView>, RegExp | undefined]>([
  ['is lost on purpose where its copy is whole and young enough', {}, undefined],
  ['is not where the cluster has no such claim', { found: undefined }, /no such claim/],
  ['is not where it is bound to none', { found: { ...found, volume: undefined } }, /bound to no volume/],
  [
    'is not where no backup has a copy',
    { copy: undefined },
    /data would be lost: no backup .*slipway backup create demo/,
  ],
  ['is not where the copy lacks files', { copy: { ageMs: 1, partial: true } }, /data would be lost: .* lacks files/],
  ['is not where the copy is older than backups may be', { copy: { ageMs: 900_001, partial: false } }, /15 min old/],
  [
    'is not where it lies on the disk of a node',
    { isAtProvider: false, found: { ...found, kept: 'disk', node: 'web-1' } },
    /on a disk of web-1/,
  ],
  ['is not where the provider does not know it', { isAtProvider: false }, /Hetzner Cloud has no volume pvc-1/],
  ['is not where nobody would miss it', { users: [] }, /no pod uses it/],
  ['is not where its pod is not Ready', { users: [{ ...view.users[0]!, ready: false }] }, /db-0 is not Ready already/],
  ['is not where a node is not Ready', { illNodes: ['web-2'] }, /web-2 is not Ready/],
  [
    'is not where its pods cannot be stopped from here',
    { users: [{ ...view.users[0]!, workload: undefined }] },
    /no StatefulSet or Deployment runs db-0/,
  ],
  [
    'is not where pods of several kinds use it',
    { users: [...view.users, { name: 'report-x', ready: true, workload: 'Deployment report' }] },
    /StatefulSet db and Deployment report use it/,
  ],
  [
    'is where they cannot be, but somebody else restores it',
    { users: [{ ...view.users[0]!, workload: undefined }], restores: false },
    undefined,
  ],
])('a database’s volume %s', (_, change, because) => {
  const problems = databaseDrillProblems({ ...view, ...change });
  if (because) expect(problems.join('; ')).toMatch(because);
  else expect(problems).toEqual([]);
});
