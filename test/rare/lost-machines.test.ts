import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli } from '../support/cli.js';

let cli: Cli;
beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

interface Status {
  readonly machines: readonly { readonly name: string; readonly node?: { readonly ready: boolean } }[];
}

interface Server {
  readonly id: number;
  readonly name: string;
}

const create = (...counts: string[]) => ['cluster', 'create', 'demo', ...counts, '--yes', '--json'];
const apply = ['cluster', 'apply', 'demo', '--yes', '--json'];

/** Somebody deletes servers in the cloud's console. */
async function deleteAtCloud(...parts: readonly string[]): Promise<readonly Server[]> {
  const { endpoint, info } = await cli.sandbox();
  const going = (await cli.cloud<Server>('servers')).filter(({ name }) => parts.some((part) => name.includes(part)));
  for (const { id } of going) {
    const answer = await fetch(`${endpoint}/servers/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${info.cloudToken}` },
    });
    expect(answer.status).toBe(200);
  }
  await expect.poll(async () => (await cli.cloud<Server>('servers')).length).toBe(4 - going.length);
  return going;
}

async function ready(): Promise<readonly string[]> {
  const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as Status;
  return status.machines.filter(({ node }) => node?.ready).map(({ name }) => name);
}

/** What a cluster keeps for life. */
async function identity(): Promise<unknown> {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } };
  return (await kube.get(namespace, { signal: new AbortController().signal }))?.metadata?.uid;
}

describe('machines that were deleted behind our back', () => {
  it('are made again, and the new ones join under the old names', async () => {
    expect((await cli.run(create('--control-planes', '3', '--workers', '1'))).code).toBe(0);
    const gone = await deleteAtCloud('-cp-2-', '-workers-1-');
    expect(gone).toHaveLength(2);
    // Their nodes may be there still, or the cloud controller has taken them out.
    expect((await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).code).toBe(5);
    const applied = await cli.run(apply);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect([...(await ready())].sort()).toEqual((await cli.cloud<Server>('servers')).map(({ name }) => name).sort());
    expect(await ready()).toHaveLength(4);
    expect((await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).code).toBe(0);
  });

  it('are not replaced by a second, empty cluster when all servers are gone', async () => {
    expect((await cli.run(create('--control-planes', '3', '--workers', '1'))).code).toBe(0);
    await deleteAtCloud('-cp-');
    const refused = await cli.run(apply);
    expect(refused.code).toBe(3);
    expect(refused.err + refused.out).toContain('CONTROL_PLANE_LOST');
    expect(await cli.cloud<Server>('servers')).toHaveLength(1);
  });

  it('are made again by those that run, also when these are to go: it stays the same cluster', async () => {
    const path = join(cli.home, 'cluster.yaml');
    const count = (servers: number) => {
      writeFileSync(
        path,
        `name: demo\nprovider: {name: sandbox}\ncontrolPlane: {count: ${servers}}\npools: [{name: web, count: 1}]\n`,
      );
      return ['-f', path, '--yes', '--json'];
    };
    expect((await cli.run(['cluster', 'create', ...count(3)])).code).toBe(0);
    const before = await identity();
    await deleteAtCloud('-cp-1-');
    const applied = await cli.run(['cluster', 'apply', ...count(1)]);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await identity()).toBe(before);
    expect(await ready()).toHaveLength(2);
    expect((await cli.cloud<Server>('servers')).map(({ name }) => name.replace(/-\w+$/, '')).sort()).toEqual([
      'demo-cp-1',
      'demo-web-1',
    ]);
  });
});
