import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { ask, serverOf } from '../support/conversations-http.js';

const cli = new Cli();
const create = ['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes'];
beforeAll(async () => {
  const made = await cli.run(create);
  expect(made.code, made.err).toBe(0);
});
afterAll(() => cli.close());

it('`cluster plan`, `apply`, `create` and `status` warn of a server that is short of disk space, once each', async () => {
  const [server] = await cli.cloud('servers');
  const { status, body } = await ask(serverOf((await cli.run(['cluster', 'kubeconfig', 'demo'])).out), {
    method: 'PATCH',
    path: `/api/v1/nodes/${server!.name}/status`,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: JSON.stringify({ status: { conditions: [{ type: 'DiskPressure', status: 'True' }] } }),
  });
  expect(status, body).toBe(200);
  const warning = `${server!.name} is short of disk space: its kubelet takes no new pods and ends some of those it has. Make room below /var/lib/rancher and /var/lib/kubelet on it`;
  for (const args of [
    ['cluster', 'plan', 'demo'],
    ['cluster', 'apply', 'demo', '--yes'],
    create,
    ['cluster', 'status', 'demo'],
  ]) {
    const { code, out, err } = await cli.run(args);
    expect(code, err).toBe(0);
    expect((out + err).split(warning), args.join(' ')).toHaveLength(2);
  }
});
