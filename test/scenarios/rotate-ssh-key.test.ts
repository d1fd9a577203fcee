import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';

let cli: Cli;
const folder = (): string => join(cli.home, 'ws', 'clusters', 'demo');
const file = (name: string): string => join(folder(), name);
const rotate = (...args: string[]): Promise<Run> => cli.run(['cluster', 'rotate-ssh-key', 'demo', ...args]);
const login = (machine: string): Promise<Run> => cli.run(['cluster', 'ssh', 'demo', machine, '--', 'hostname']);
const failureOf = ({ out }: Run) =>
  (JSON.parse(out) as { error: { code: string; hint: string; details?: string[] } }).error;
const machines = async (): Promise<readonly string[]> => (await cli.cloud('servers')).map(({ name }) => name);

/** Switches the worker's machine off or on at the cloud. */
async function power(state: 'off' | 'running'): Promise<void> {
  const worker = async () => {
    const servers = await cli.cloud<{ readonly id: number; readonly name: string; readonly status: string }>('servers');
    return servers.find(({ name }) => name.startsWith('demo-workers-'))!;
  };
  const { endpoint, info } = await cli.sandbox();
  const action = state === 'off' ? 'poweroff' : 'poweron';
  const headers = { Authorization: `Bearer ${info.cloudToken}` };
  await fetch(`${endpoint}/servers/${(await worker()).id}/actions/${action}`, { method: 'POST', headers });
  await expect.poll(async () => (await worker()).status).toBe(state);
}

/** Whether each machine takes the workspace's key, and the provider's copy of it is the one that new ones get. */
async function isWhole(): Promise<void> {
  for (const machine of await machines()) {
    const run = await login(machine);
    expect(run, run.err).toMatchObject({ code: 0, out: machine });
  }
  const planned = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
  expect(planned, planned.out + planned.err).toMatchObject({ code: 0 });
  expect(existsSync(file('secrets/next-ssh-key'))).toBe(false);
}

/** Runs something as a workspace that still has this key. */
async function withKey<T>(key: string, work: () => Promise<T>): Promise<T> {
  const now = ['id_ed25519', 'id_ed25519.pub', 'record.json'].map((name) => [name, readFileSync(file(name))] as const);
  copyFileSync(join(key, 'id_ed25519'), file('id_ed25519'));
  copyFileSync(join(key, 'record.json'), file('record.json'));
  try {
    return await work();
  } finally {
    for (const [name, text] of now) writeFileSync(file(name), text);
  }
}

beforeAll(async () => {
  cli = new Cli();
  const created = await cli.run(['cluster', 'create', 'demo', '--workers', '1', '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
  for (const name of ['id_ed25519', 'record.json']) copyFileSync(file(name), join(cli.home, name));
});
afterAll(() => cli.close());

describe('`cluster rotate-ssh-key`', () => {
  it('shows its steps without doing any, and asks before it does them', async () => {
    const before = readFileSync(file('id_ed25519'), 'utf8');
    const dry = await rotate('--dry-run');
    expect(dry, dry.err).toMatchObject({ code: 0 });
    for (const text of ['add the new SSH key, and log in with it', 'remove the keys that the cluster had before'])
      expect(dry.out).toContain(text);
    const asked = await rotate('--json');
    expect(asked).toMatchObject({ code: 2 });
    expect(failureOf(asked).code).toBe('CONFIRMATION_NEEDED');
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(before);
    expect(existsSync(file('secrets/next-ssh-key'))).toBe(false);
  });

  it('changes nothing anywhere while one machine cannot be logged in to', async () => {
    const before = readFileSync(file('id_ed25519'), 'utf8');
    await power('off');
    const refused = await rotate('--yes', '--json');
    await power('running');
    expect(refused).toMatchObject({ code: 3 });
    expect(failureOf(refused)).toMatchObject({ code: 'KEY_ROTATION_REFUSED' });
    expect(failureOf(refused).details).toEqual([expect.stringMatching(/^demo-workers-1-\w+: it is off$/)]);
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(before);
  });

  it('lets the new key in everywhere and the old one nowhere, and new machines are made with it', async () => {
    const rotated = await rotate('--yes');
    expect(rotated, rotated.err).toMatchObject({ code: 0 });
    expect(rotated.out).toContain('demo has a new SSH key: 2 machines take it, and not the old one.');
    await isWhole();
    for (const machine of await machines()) {
      const old = await withKey(cli.home, () => login(machine));
      expect(old.code, old.out).not.toBe(0);
    }
    const scaled = await cli.run(['pool', 'scale', 'demo', 'workers', '--count', '2', '--yes']);
    expect(scaled, scaled.err).toMatchObject({ code: 0 });
    expect(await machines()).toHaveLength(3);
    await isWhole();
  });

  it('goes on where a killed run stopped, wherever that was, and nothing else is kept from working meanwhile', async () => {
    // Each run goes on after the one before it, so that the next point comes into reach.
    const points = [
      ['workspace', 'before', 'write demo/secrets/next-ssh-key'],
      ['workspace', 'after', 'write demo/secrets/next-ssh-key'],
      ['ssh', 'before', 'put-login-key'],
      ['ssh', 'after', 'put-login-key'],
      ['provider', 'before', 'POST /ssh_keys'],
      ['provider', 'after', 'POST /ssh_keys'],
      ['workspace', 'after', 'write demo/id_ed25519$'],
      ['workspace', 'after', 'write demo/record.json'],
      ['workspace', 'before', 'remove demo/secrets/next-ssh-key'],
    ] as const;
    for (const [kind, when, what] of points) {
      const boundary = JSON.stringify([{ kind, what, when, act: 'kill' }]);
      const killed = await cli.run(['cluster', 'rotate-ssh-key', 'demo', '--yes'], { SLIPWAY_TEST_BOUNDARY: boundary });
      expect(killed, `${when} ${what}: ${killed.err}`).toMatchObject({ code: 137 });
      const meanwhile = await login('cp-1');
      // Between the key and the record the way back is named.
      if (what.endsWith('id_ed25519$')) expect(meanwhile.err).toContain('Code: SSH_KEY_CHANGED');
      else expect(meanwhile, `${when} ${what}: ${meanwhile.err}`).toMatchObject({ code: 0 });
    }
    const again = await rotate('--yes');
    expect(again, again.err).toMatchObject({ code: 0 });
    await isWhole();
  });
});
