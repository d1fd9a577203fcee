import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';

let cli: Cli;
const folder = (): string => join(cli.home, 'ws', 'clusters', 'demo');
const file = (name: string): string => join(folder(), name);
const cluster = (...args: string[]): Promise<Run> => cli.run(['cluster', ...args]);
const parsed = <T>({ out }: Run): T => JSON.parse(out) as T;
const machines = async (): Promise<readonly string[]> => (await cli.cloud('servers')).map(({ name }) => name);
const days = (iso: string): number => Math.round((Date.parse(iso) - Date.now()) / 86_400_000);

interface Ends {
  readonly before: readonly { readonly machine: string; readonly until: string }[];
  readonly after: readonly { readonly machine: string; readonly until: string }[];
}
interface Status {
  readonly remarks: readonly string[];
  readonly problems: readonly string[];
  readonly api: { readonly reachable: boolean };
  readonly certificates: readonly { readonly machine: string; readonly state: string }[];
}
const status = async (): Promise<Status> => parsed<Status>(await cluster('status', 'demo', '--json'));

/** How long certificates are valid that k3s makes from now on. */
const validFor = async (certificateDays: number): Promise<void> => {
  await (await cli.sandbox()).call('POST', 'machines', { act: 'change', facts: { certificateDays } });
};
/** Makes the workspace believe that the cluster is this old. */
function age(inDays: number): void {
  const record = JSON.parse(readFileSync(file('record.json'), 'utf8')) as object;
  const createdAt = new Date(Date.now() - inDays * 86_400_000).toISOString();
  writeFileSync(file('record.json'), JSON.stringify({ ...record, createdAt }));
}
/** A file on each machine, by its name. */
async function onEach(path: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const machine of await machines()) {
    const shown = await cluster('ssh', 'demo', machine, '--', 'cat', path);
    expect(shown, shown.err).toMatchObject({ code: 0 });
    found.set(machine, shown.out);
  }
  return found;
}
const killedAt = async (args: readonly string[], kind: string, when: string, what: string): Promise<void> => {
  const boundary = JSON.stringify([{ kind, what, when, act: 'kill' }]);
  const killed = await cli.run(args, { SLIPWAY_TEST_BOUNDARY: boundary });
  expect(killed, `${when} ${what}: ${killed.err}`).toMatchObject({ code: 137 });
};

beforeAll(async () => {
  cli = new Cli();
  const created = await cluster('create', 'demo', '--control-planes', '3', '--workers', '1', '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
});
afterAll(() => cli.close());

describe('`cluster rotate-certs`', () => {
  it('tells what ends when without changing anything, and asks before it renews', async () => {
    const dry = await cluster('rotate-certs', 'demo', '--dry-run');
    expect(dry, dry.err).toMatchObject({ code: 0 });
    expect(dry.out).toMatch(/demo-cp-1-\w+: \S+ ends in 36[45] days, on \d{4}-\d\d-\d\d/);
    expect(dry.out).toContain('have k3s make its certificates anew; its pods run on');
    expect(dry.out).toContain('read the kubeconfig with its new certificate, and store it');
    expect(await cluster('rotate-certs', 'demo', '--json')).toMatchObject({ code: 2 });
  });

  it('renews every node and the kubeconfig, and a killed run goes on with the nodes that are left', async () => {
    await validFor(700);
    const before = readFileSync(file('kubeconfig'), 'utf8');
    const args = ['cluster', 'rotate-certs', 'demo', '--yes'];
    await killedAt(args, 'ssh', 'after', 'rotate-certificates');
    await killedAt(args, 'ssh', 'before', 'check-server');
    await killedAt(args, 'workspace', 'before', 'write demo/kubeconfig');
    const first = '/var/lib/rancher/k3s/server/tls/client-admin.crt';
    const shown = async (): Promise<string> => (await cluster('ssh', 'demo', 'cp-1', '--', 'cat', first)).out;
    const renewed = await shown();
    const done = await cli.run([...args, '--json']);
    expect(done, done.err).toMatchObject({ code: 0 });
    const { after } = parsed<Ends>(done);
    expect(after.map(({ machine }) => machine).sort()).toEqual([...(await machines())].sort());
    for (const { until } of after) expect(days(until)).toBeGreaterThan(690);
    // Not done twice to whoever had done it.
    expect(renewed).toContain('BEGIN CERTIFICATE');
    expect(await shown()).toBe(renewed);
    expect(readFileSync(file('kubeconfig'), 'utf8')).not.toBe(before);
    expect(readFileSync(file('record.json'), 'utf8')).not.toContain('certificateRotation');
    expect(await status()).toMatchObject({ api: { reachable: true }, problems: [] });
  });

  it('is what `cluster status` advises once a certificate is near its end, and not before the cluster is old', async () => {
    await validFor(20);
    expect((await cluster('rotate-certs', 'demo', '--yes')).code).toBe(0);
    expect((await status()).remarks.join()).toMatch(
      /A certificate of demo-cp-1-\w+, .* and 1 more ends in (19|20) days.*slipway cluster rotate-certs demo/,
    );
    // What was read is not read again each time; without it only an old cluster's machines are asked.
    writeFileSync(file('notes/certificates.json'), '{}');
    expect((await status()).certificates).toEqual([]);
    age(300);
    expect((await status()).certificates.map(({ state }) => state)).toEqual(Array(4).fill('urgent'));
  });

  it('brings back a cluster whose certificates have expired, so that its API lets nobody in', async () => {
    await validFor(0);
    expect((await cluster('rotate-certs', 'demo', '--yes')).code).toBe(0);
    const shut = await status();
    expect(shut).toMatchObject({ api: { reachable: false } });
    expect(shut.remarks.join()).toContain('slipway cluster rotate-certs demo');
    await validFor(365);
    const back = await cluster('rotate-certs', 'demo', '--yes');
    expect(back, back.err).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ api: { reachable: true }, problems: [] });
    expect((await status()).remarks.join()).not.toContain('rotate-certs');
  });
});

describe('`cluster rotate-token`', () => {
  const config = '/etc/rancher/k3s/config.yaml';
  const tokensIn = (text: string): readonly string[] =>
    [...text.matchAll(/^(?:agent-)?token: "(?:K10[0-9a-f]+::[^:]+:)?([^"]+)"/gm)].map(([, token]) => token!);
  const secrets = (): readonly string[] => readdirSync(file('secrets'));

  it('gives every server and agent new tokens, wherever runs before it were killed, and shows none', async () => {
    const backup = await cli.run(['backup', 'create', 'demo', '--json']);
    expect(backup, backup.err).toMatchObject({ code: 0 });
    const old = new Set([...(await onEach(config)).values()].flatMap(tokensIn));
    expect(old.size).toBe(2);
    copyFileSync(file('secrets/server-token'), join(cli.home, 'old-token'));
    const args = ['cluster', 'rotate-token', 'demo', '--yes'];
    await killedAt(args, 'ssh', 'after', 'rotate-token');
    // Half-way, the cluster says how to go on, and nothing is joined that could get the token of before.
    expect((await status()).remarks.join()).toContain('slipway cluster rotate-token demo');
    const healed = await cluster('heal', 'demo', '--yes');
    expect(healed).toMatchObject({
      code: 0,
      err: expect.stringContaining('slipway cluster rotate-token demo') as string,
    });
    const scaled = await cli.run(['pool', 'scale', 'demo', 'workers', '--count', '2', '--yes', '--json']);
    expect(scaled).toMatchObject({ code: 3 });
    expect(scaled.out).toContain('TOKENS_UNFINISHED');
    await killedAt(args, 'ssh', 'after', 'put-tokens');
    await killedAt(args, 'workspace', 'before', 'remove demo/secrets/next-agent-token');
    const done = await cli.run(args);
    expect(done, done.err).toMatchObject({ code: 0 });
    const now = [...(await onEach(config)).values()].flatMap(tokensIn);
    expect(new Set(now).size).toBe(2);
    for (const token of now) {
      expect(old.has(token)).toBe(false);
      expect(done.out + done.err).not.toContain(token);
      const journals = cli.workspaceText(join(folder(), 'journal'));
      expect(journals).not.toBe('');
      expect(journals).not.toContain(token);
    }
    expect(secrets().filter((name) => name.startsWith('next-'))).toEqual([]);
    expect(now).toContain(readFileSync(file('secrets/server-token'), 'utf8'));
    // What snapshots on the servers' own disks open with.
    const former = secrets().filter((name) => name.startsWith('former-server-token-'));
    expect(former.map((name) => readFileSync(file(`secrets/${name}`), 'utf8'))).toEqual([
      readFileSync(join(cli.home, 'old-token'), 'utf8'),
    ]);
    expect(await status()).toMatchObject({ api: { reachable: true }, problems: [] });
  });

  it('leaves backups of before and after it whole, each with the token of its time', async () => {
    expect((await cli.run(['backup', 'create', 'demo'])).code).toBe(0);
    const verified = await cli.run(['backup', 'verify', 'demo', '--all', '--json']);
    expect(verified, verified.err).toMatchObject({ code: 0 });
    expect(parsed<{ verified: unknown[] }>(verified).verified).toHaveLength(2);
  });

  it('lets machines join afterwards, and all of them start again', async () => {
    const scaled = await cli.run(['pool', 'scale', 'demo', 'workers', '--count', '2', '--yes']);
    expect(scaled, scaled.err).toMatchObject({ code: 0 });
    await (await cli.sandbox()).call('POST', 'machines', { act: 'reboot' });
    await expect.poll(async () => (await status()).problems, { timeout: 60_000, interval: 500 }).toEqual([]);
    expect(existsSync(file('secrets/next-server-token'))).toBe(false);
  });

  it('leaves a backup of before it that the cluster is restored from, with the token of that time, and rotates again', async () => {
    const listed = await cli.run(['backup', 'list', 'demo', '--json']);
    const first = parsed<{ backups: { id: string }[] }>(listed).backups.at(-1)!.id;
    const rotated = readFileSync(file('secrets/server-token'), 'utf8');
    for (const name of (await machines()).filter((one) => one.includes('-cp-')))
      expect((await cluster('ssh', 'demo', name, '--', 'systemctl stop k3s')).code).toBe(0);
    const restored = await cluster('restore', 'demo', '--from', first, '--yes', '--json');
    expect(restored, restored.err).toMatchObject({ code: 0 });
    expect(parsed<{ tokensRotated: boolean }>(restored).tokensRotated).toBe(true);
    // Neither the one of the backup nor the one that came after it.
    const old = readFileSync(join(cli.home, 'old-token'), 'utf8');
    const now = new Set([...(await onEach(config)).values()].flatMap(tokensIn));
    expect(now.size).toBe(2);
    for (const token of [old, rotated]) expect(now.has(token)).toBe(false);
    expect(now.has(readFileSync(file('secrets/server-token'), 'utf8'))).toBe(true);
    await expect.poll(async () => (await status()).problems, { timeout: 60_000, interval: 500 }).toEqual([]);
    const verified = await cli.run(['backup', 'verify', 'demo', '--all']);
    expect(verified, verified.err).toMatchObject({ code: 0 });
  });
});
