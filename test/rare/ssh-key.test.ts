import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { generateKeyPair } from '../../src/remote/keys.js';
import { Cli, type Run } from '../support/cli.js';

let cli: Cli;
let key: string;
beforeEach(async () => {
  cli = new Cli();
  key = join(cli.home, 'ws', 'clusters', 'demo', 'id_ed25519');
  const created = await cli.run(['cluster', 'create', 'demo', '--workers', '1', '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });
});
afterEach(() => cli.close());

const grow = ['pool', 'scale', 'workers', '-c', 'demo', '--count', '2', '--yes', '--json'];
interface SshKey {
  readonly name: string;
  readonly id: number;
  readonly fingerprint: string;
}

/** Runs a command that is to be refused, and looks whether anything became of it. */
async function refusedBeforeAnything(args: readonly string[], says: string): Promise<Run> {
  const before = await cli.cloud<SshKey>('ssh_keys');
  const run = await cli.run(args);
  expect(run, run.err).toMatchObject({ code: 3 });
  expect(run.err + run.out).toContain(says);
  expect(run.err + run.out).toContain(key);
  expect(await cli.cloud<SshKey>('ssh_keys')).toEqual(before);
  expect(await cli.cloud('servers')).toHaveLength(2);
  return run;
}

describe('a cluster whose SSH key is lost', () => {
  it('makes nothing, not even another key, and goes on once the key is back from a copy', async () => {
    renameSync(key, `${key}.copy`);
    await refusedBeforeAnything(grow, 'SSH_KEY_LOST');
    await refusedBeforeAnything(['cluster', 'apply', 'demo', '--yes', '--json'], 'SSH_KEY_LOST');
    await refusedBeforeAnything(['cluster', 'plan', 'demo', '--json'], 'SSH_KEY_LOST');
    await refusedBeforeAnything(['cluster', 'ssh', 'demo', '--', 'true'], 'The SSH key of demo is missing');
    const status = await cli.run(['cluster', 'status', 'demo']);
    expect(status, status.err).toMatchObject({ code: 0 });
    expect(status.out + status.err).toContain(key);
    expect(existsSync(key)).toBe(false);

    renameSync(`${key}.copy`, key);
    const grown = await cli.run(grow);
    expect(grown, grown.err).toMatchObject({ code: 0 });
    expect(await cli.cloud('servers')).toHaveLength(3);
  });

  it('makes a new key where no machine knows the old one', async () => {
    const { endpoint, info } = await cli.sandbox();
    for (const { id } of await cli.cloud<SshKey>('servers')) {
      await fetch(`${endpoint}/servers/${id}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
    }
    await expect.poll(() => cli.cloud('servers')).toHaveLength(0);
    // Without its kubeconfig it is a cluster that never ran, and may begin anew.
    rmSync(join(key, '..', 'kubeconfig'));
    rmSync(key);
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes', '--json']);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await cli.cloud('servers')).toHaveLength(2);
  });
});

describe('a cluster whose SSH key was swapped', () => {
  it('makes nothing, keeps the provider’s key, and comes back by the command that the error names', async () => {
    writeFileSync(key, generateKeyPair('other').privateKey.reveal(), { mode: 0o600 });
    const swapped = readFileSync(key, 'utf8');
    const refused = await refusedBeforeAnything(grow, 'SSH_KEY_CHANGED');
    expect(readFileSync(key, 'utf8')).toBe(swapped);
    expect((await cli.run(['cluster', 'status', 'demo'])).out).not.toContain('replace SSH key');
    const login = await cli.run(['cluster', 'ssh', 'demo', '--', 'true']);
    expect(login).toMatchObject({ code: 3, err: expect.stringContaining('SSH_KEY_CHANGED') as string });

    const { error } = JSON.parse(refused.out) as { readonly error: { readonly hint: string } };
    const [, adopt] = /: slipway (cluster adopt demo)$/.exec(error.hint)!;
    const adopted = await cli.run([...adopt!.split(' '), '--yes']);
    expect(adopted, adopted.err).toMatchObject({ code: 0 });
    expect(readFileSync(key, 'utf8')).toBe(swapped);
    expect(await cli.cloud('servers')).toHaveLength(2);
    const planned = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
    expect(planned, planned.out).toMatchObject({ code: 0 });
  });

  it('is known by its record alone, after the provider’s key was deleted too', async () => {
    const { endpoint, info } = await cli.sandbox();
    for (const { id } of await cli.cloud<SshKey>('ssh_keys')) {
      const answer = await fetch(`${endpoint}/ssh_keys/${id}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
      expect(answer.status).toBe(204);
    }
    writeFileSync(key, generateKeyPair('other').privateKey.reveal(), { mode: 0o600 });
    await refusedBeforeAnything(grow, 'SSH_KEY_CHANGED');
  });
});
