import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { renderClusters } from '../../../src/cli/views/cluster.js';
import { listClusters } from '../../../src/workflows/cluster/list.js';
import type { WorkflowContext } from '../../../src/workflows/context.js';
import type { LastLook } from '../../../src/workspace/types.js';
import { temporaryFolder, testRecord, testWorkspace } from '../../workspace/support.js';

const look: LastLook = {
  at: '2026-11-26T10:12:30.000Z',
  by: 'cluster status',
  steps: 2,
  outdated: [
    {
      machine: 'demo-web-1-abcde',
      slot: 'web-1',
      pool: 'web',
      role: 'worker',
      needs: ['cluster recycle'],
      remedy: 'replace',
      reasons: [{ reason: 'type', desired: 'cax41', observed: 'cax21' }],
    },
  ],
  unfit: [
    { machine: 'x', slot: 'web-2', pool: 'web', role: 'worker', because: 'would run Kubernetes v9', hint: 'Do not.' },
  ],
};

async function workspaceOf(...names: string[]) {
  const folder = temporaryFolder();
  const workspace = testWorkspace(folder);
  for (const name of names) await workspace.cluster(name).saveRecord(testRecord(name));
  const list = () => listClusters({ workspace } as Pick<WorkflowContext, 'workspace'> as WorkflowContext);
  return { workspace, list, file: (name: string, path: string) => join(folder, 'clusters', name, path) };
}

it('a list has what the last look at a cluster found, and as of when', async () => {
  const { workspace, list } = await workspaceOf('demo', 'never');
  await workspace.cluster('demo').saveLook(look);
  const clusters = await list();
  expect(clusters.map(({ lastLook }) => lastLook)).toEqual([look, undefined]);
  const text = renderClusters(clusters);
  expect(text).toMatch(/^demo .* 2026-11-26 10:12 +differs from its file$/m);
  expect(text.split('\n').slice(-5)).toEqual([
    '',
    'demo differed from its file at 2026-11-26 10:12 UTC, says the last cluster status:',
    '  2 steps to do: slipway cluster apply demo',
    '  web-1  machine type cax21 → cax41: needs cluster recycle',
    '  web-2  would run Kubernetes v9. Do not.',
  ]);
});

it.each(['nonsense', '{"version":1}', JSON.stringify({ version: 1, ...look, outdated: [{ slot: 7 }] })])(
  'a look that cannot be read is none, and troubles no list: %s',
  async (text) => {
    const { list, file } = await workspaceOf('demo');
    writeFileSync(file('demo', 'last-look.json'), text);
    expect(await list()).toMatchObject([{ name: 'demo', lastLook: undefined, damaged: undefined }]);
  },
);

it.each([
  ['WORKSPACE_CORRUPT', 'nonsense', 'slipway cluster adopt broken'],
  ['RECORD_TOO_NEW', '{"version": 99}', 'Upgrade Slipway here'],
])('a cluster with a record that is %s is listed as damaged, beside the others', async (code, text, remedy) => {
  const { list, file } = await workspaceOf('broken', 'demo');
  writeFileSync(file('broken', 'record.json'), text);
  const clusters = await list();
  expect(clusters).toMatchObject([
    { name: 'broken', damaged: { code, hint: expect.stringContaining(remedy) as string }, machines: undefined },
    { name: 'demo', damaged: undefined, machines: 1 },
  ]);
  expect(renderClusters(clusters)).toMatch(/^broken .*damaged$/m);
});
