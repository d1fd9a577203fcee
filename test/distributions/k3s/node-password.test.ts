import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Kube } from '../../../src/kube/types.js';
import { forgetNodePassword } from '../../../src/distributions/k3s/node-password.js';
import { SandboxKube } from '../../support/sandbox-kube.js';

let cluster: SandboxKube;
let kube: Kube;
const options = { signal: new AbortController().signal };

beforeEach(async () => {
  cluster = await SandboxKube.start(2);
  kube = await cluster.client();
});
afterEach(() => cluster.close());

it('a node’s password, which would keep its name taken, is deleted, and no other', async () => {
  for (const node of ['web-1', 'web-10']) {
    const metadata = { name: `${node}.node-password.k3s`, namespace: 'kube-system' };
    await kube.apply({ apiVersion: 'v1', kind: 'Secret', metadata }, options);
  }
  await forgetNodePassword(kube, 'web-1', options);
  await forgetNodePassword(kube, 'web-1', options);
  const left = await kube.list('v1', 'Secret', { namespace: 'kube-system' }, options);
  expect(left.map(({ metadata }) => metadata.name)).toEqual(['web-10.node-password.k3s']);
});
