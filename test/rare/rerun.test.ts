import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

let cli: Cli;
beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

const create = ['cluster', 'create', 'demo', '--control-planes', '3', '--workers', '3', '--yes', '--json'];
const boundary = (order: object) => ({ SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });

/** Six nodes, six servers, whatever happened before. */
async function expectWhole(): Promise<void> {
  const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: { node?: { ready: boolean } }[];
    differs: unknown[];
  };
  expect(status.machines.filter(({ node }) => node?.ready)).toHaveLength(6);
  expect(status.differs).toEqual([]);
  expect(await cli.cloud('servers')).toHaveLength(6);
}

describe('the same command finishes the job', () => {
  it('with exactly one server, after a kill while the answer to its creation was late', async () => {
    expect((await cli.run(['sandbox', 'start'])).code).toBe(0);
    const sandbox = await cli.sandbox();
    await sandbox.call('POST', 'faults', {
      cloud: [{ match: { method: 'POST', path: '^/servers$' }, effect: { delayMs: 60_000 } }],
    });
    const first = cli.start(['cluster', 'create', 'demo', '--yes']);
    await expect.poll(() => cli.cloud('servers'), { interval: 30 }).toHaveLength(1);
    first.kill('SIGKILL');
    await first;
    expect((await cli.run(['cluster', 'create', 'demo', '--yes'])).code).toBe(0);
    expect(await cli.cloud('servers')).toHaveLength(1);
  });

  it.each([
    [
      'between the swap of a host key and its pin',
      { when: 'after', kind: 'ssh', what: 'replace-host-key', act: 'kill' },
    ],
    ['before a server is asked for', { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' }],
    ['after k3s was told to start', { when: 'after', kind: 'ssh', what: 'start-k3s', nth: 2, act: 'kill' }],
    ['before the join tokens are read', { when: 'before', kind: 'ssh', what: 'server-info', act: 'kill' }],
  ])('after a kill %s', async (_, order) => {
    expect((await cli.run(create, boundary(order))).code).not.toBe(0);
    expect((await cli.run(create)).code).toBe(0);
    await expectWhole();
  });

  it('after a kill while a host task ran, without running it twice at once', async () => {
    const first = cli.start([
      'cluster',
      'create',
      'demo',
      '--control-planes',
      '3',
      '--workers',
      '3',
      '--yes',
      '--progress',
      'json',
    ]);
    await new Promise<void>((resolve) => {
      first.stderr?.on('data', (chunk: Buffer) => {
        if (/"step-started".*"init:demo-cp-1-\w+"/.test(chunk.toString())) resolve();
      });
      void first.then(() => resolve());
    });
    first.kill('SIGKILL');
    await first;
    expect((await cli.run(create)).code).toBe(0);
    await expectWhole();
  });

  it('while another run holds the lock, only one goes on', async () => {
    const both = await Promise.all([cli.run(create), cli.run(create)]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 7]);
    expect(both.find(({ code }) => code === 7)?.err).toContain('cluster create');
    await expectWhole();
  });
});
