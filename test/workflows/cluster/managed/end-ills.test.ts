import { expect, it } from 'vitest';

import { endIlls } from '../../../../src/workflows/cluster/managed/end-ills.js';

const end = (daysLeft: number) => ({ version: '1.35', until: '2027-02-28', daysLeft });

it('a release of a managed Kubernetes is told of in its last 60 days, and once more when it is over', () => {
  expect(endIlls('north', undefined)).toEqual([]);
  expect(endIlls('north', end(61))).toEqual([]);
  expect(endIlls('north', end(60))).toEqual([
    {
      event: 'version',
      key: 'version:ending:1.35',
      cluster: 'north',
      title: 'Kubernetes 1.35 is expected to end on 2027-02-28, in 60 days.',
      details: ['See every step to the next minor: slipway cluster upgrade north --to stable --dry-run'],
    },
  ]);
  expect(endIlls('north', end(-1)).map(({ key }) => key)).toEqual(['version:ended:1.35']);
});
