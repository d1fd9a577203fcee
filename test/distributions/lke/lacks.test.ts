import { expect, it } from 'vitest';

import { lke } from '../../../src/distributions/lke/index.js';
import { refuseLacking } from '../../../src/workflows/cluster/lacking.js';
import { parseCluster } from '../../../src/config/index.js';

const spec = parseCluster(
  'name: north\nprovider: { name: linode }\nkubernetes: { distribution: lke }\npools: [{ name: web }]\n',
  'cluster.yaml',
);
const context = { distribution: () => Promise.resolve(lke) };

it('what LKE cannot do is refused with the reason and what to do instead, and all else goes on', async () => {
  for (const [operation, { why, instead }] of lke.lacks!) {
    await expect(refuseLacking(context, { name: 'north', spec }, operation)).rejects.toMatchObject({
      code: 'DISTRIBUTION_LACKS',
      message: `\`slipway ${operation}\` does not work with north, which is made of lke: ${why}.`,
      hint: instead.replaceAll('CLUSTER', 'north'),
    });
  }
  for (const operation of ['cluster apply', 'cluster upgrade', 'cluster recycle', 'cluster delete', 'pool scale'])
    await refuseLacking(context, { name: 'north', spec }, operation);
});
