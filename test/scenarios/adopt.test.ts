import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { parse, stringify } from 'yaml';

import { fingerprint, generateKeyPair, keyBlob } from '../../src/remote/keys.js';
import { Cli, type Run } from '../support/cli.js';

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details?: readonly string[];
}
interface Adopted {
  readonly id: string;
  readonly steps: readonly { readonly id: string; readonly target: string; readonly text: string }[];
  readonly damages: readonly string[];
  readonly leftOut: readonly { readonly machine: string; readonly because: string }[];
}

let cli: Cli;
let folder: string;
let kept: string;
let machines: readonly string[];

beforeAll(async () => {
  cli = new Cli();
  folder = join(cli.home, 'ws', 'clusters', 'demo');
  kept = join(cli.home, 'kept');
  const args = ['cluster', 'create', 'demo', '--control-planes', '3', '--workers', '1', '--yes'];
  const created = await cli.run(args);
  expect(created, created.err).toMatchObject({ code: 0 });
  machines = (await cli.cloud('servers')).map(({ name }) => name);
  cpSync(folder, kept, { recursive: true });
});
afterAll(() => cli.close());
/** Each test begins with the workspace as `cluster create` left it. */
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
});

const failureOf = (run: Run): Failure => (JSON.parse(run.out) as { readonly error: Failure }).error;

async function adopt(...args: string[]): Promise<Adopted> {
  const run = await cli.run(['cluster', 'adopt', 'demo', ...args, '--yes', '--json']);
  expect(run, run.err).toMatchObject({ code: 0 });
  return JSON.parse(run.out) as Adopted;
}

/** Whether this workspace works as the one that was lost. */
async function worksAgain(): Promise<void> {
  const planned = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
  expect(planned, planned.out + planned.err).toMatchObject({ code: 0 });
  const status = await cli.run(['cluster', 'status', 'demo', '--exit-code']);
  expect(status, status.out + status.err).toMatchObject({ code: 0 });
  // It logs in to every machine.
  const again = await cli.run(['cluster', 'adopt', 'demo']);
  expect(again, again.err).toMatchObject({ code: 0, out: expect.stringContaining('nothing was changed') as string });
}

/** Runs a command that fails, then the `slipway cluster adopt` that its hint names, and looks whether all is well. */
async function walkTheHint(code: string, ...args: string[]): Promise<Adopted> {
  const failed = await cli.run(args);
  expect(failed.err).toContain(`Code: ${code}`);
  const [, hint = ''] = /^Next: (.*)$/m.exec(failed.err) ?? [];
  const named = /slipway cluster adopt(?: demo|` with the cluster’s name)(?: --provider sandbox)?/.exec(hint);
  expect(named, hint).not.toBeNull();
  const adopted = await adopt();
  await worksAgain();
  return adopted;
}

/** Without the provider's own copy of the SSH key, which another test may have replaced. */
const stepIds = ({ steps }: Adopted): string[] => steps.map(({ id }) => id).filter((id) => id !== 'provider-key');
const file = (name: string): string => join(folder, name);

describe('`cluster adopt` restores a workspace that was deleted as a whole', () => {
  it('by the entries in the person’s own kubeconfig, with a new SSH key and host keys that the cluster vouches for', async () => {
    const keys = await cli.cloud<{ readonly name: string; readonly fingerprint: string }>('ssh_keys');
    expect(await cli.run(['cluster', 'kubeconfig', 'demo', '--merge'])).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
    const dry = await cli.run(['cluster', 'adopt', 'demo', '--provider', 'sandbox', '--dry-run']);
    expect(dry, dry.err).toMatchObject({ code: 0 });
    expect(dry.out).toContain('make a new SSH key');
    expect(existsSync(file('id_ed25519'))).toBe(false);
    const asked = await cli.run(['cluster', 'adopt', 'demo', '--provider', 'sandbox', '--json']);
    expect(asked).toMatchObject({ code: 2 });
    expect(failureOf(asked)).toMatchObject({ code: 'CONFIRMATION_NEEDED' });
    const adopted = await adopt('--provider', 'sandbox');
    for (const machine of machines) expect(stepIds(adopted)).toContain(`authorize:${machine}`);
    rmSync(join(cli.home, '.kube'), { recursive: true });
    await worksAgain();
    for (const machine of machines) {
      const login = await cli.run(['cluster', 'ssh', 'demo', machine, '--', 'hostname']);
      expect(login, login.err).toMatchObject({ code: 0, out: machine });
    }
    const now = await cli.cloud<{ readonly name: string; readonly fingerprint: string }>('ssh_keys');
    expect(now.map(({ name }) => name)).toEqual(keys.map(({ name }) => name));
    expect(now[0]!.fingerprint).not.toBe(keys[0]!.fingerprint);
    expect(readFileSync(file('record.json'), 'utf8')).toContain(`"id": "${adopted.id}"`);
  });

  it('by a kubeconfig that is given, and by the cluster file, whose name it then has', async () => {
    const spec = await cli.run(['cluster', 'status', 'demo', '--spec']);
    writeFileSync(join(cli.home, 'demo.yaml'), spec.out);
    writeFileSync(join(cli.home, 'copy.kubeconfig'), readFileSync(file('kubeconfig')));
    rmSync(folder, { recursive: true });
    const run = await cli.run(['cluster', 'adopt', '-f', 'demo.yaml', '--kubeconfig', 'copy.kubeconfig', '--yes']);
    expect(run, run.err).toMatchObject({ code: 0 });
    await worksAgain();
    expect(readFileSync(file('record.json'), 'utf8')).toContain(join(cli.home, 'demo.yaml'));
  });

  it('by a private key that the servers accept, once the fingerprint of one server was compared', async () => {
    renameSync(file('id_ed25519'), join(cli.home, 'key'));
    rmSync(folder, { recursive: true });
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--ssh-key', 'key', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 2 });
    const [, fingerprint] = /--accept-host-key (SHA256:\S+)\.$/.exec(failureOf(refused).hint)!;
    const other = `SHA256:${'A'.repeat(43)}`;
    const wrong = await cli.run(['cluster', 'adopt', 'demo', '--ssh-key', 'key', '--accept-host-key', other, '--json']);
    expect(wrong).toMatchObject({ code: 3 });
    expect(failureOf(wrong).code).toBe('NO_WAY_IN');
    expect(failureOf(wrong).details!.join('\n')).toContain(fingerprint);
    expect(existsSync(file('id_ed25519'))).toBe(false);
    await adopt('--ssh-key', 'key', '--accept-host-key', fingerprint!);
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(readFileSync(join(cli.home, 'key'), 'utf8'));
    await worksAgain();
  });

  it('is refused without a kubeconfig and a key, and says every way that is left', async () => {
    rmSync(folder, { recursive: true });
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    const { code, hint } = failureOf(refused);
    expect(code).toBe('NO_WAY_IN');
    for (const way of [
      '--kubeconfig FILE',
      '--ssh-key FILE',
      'rescue system',
      '/root/.ssh/authorized_keys',
      '--accept-host-key',
    ])
      expect(hint).toContain(way);
  });

  it('by hand, as the refusal says: a key put on the disk of one server, whose fingerprint is read there', async () => {
    const sandbox = await cli.sandbox();
    const [, server = ''] = machines.filter((name) => name.includes('-cp-'));
    rmSync(folder, { recursive: true });
    const { hint } = failureOf(await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']));
    const [, authorized = ''] = /append a public key to (\/\S+)/.exec(hint)!;
    const [, hostKey = ''] = /ssh-keygen -lf (\S+\.pub)/.exec(hint)!;
    const [, sshKey = '', accept = ''] = /give both: (--\S+) FILE (--\S+) SHA256:…$/.exec(hint)!;

    await sandbox.call('POST', 'machines', { act: 'kill', name: `^${server}$` });
    const pair = generateKeyPair('by hand');
    writeFileSync(join(cli.home, 'by-hand'), pair.privateKey.reveal(), { mode: 0o600 });
    await sandbox.call('POST', 'disk', { name: server, path: authorized, append: `${pair.publicKey}\n` });
    const { text } = await sandbox.call<{ readonly text: string }>('POST', 'disk', {
      name: server,
      path: `/${hostKey}`,
    });
    await sandbox.call('POST', 'machines', { act: 'start', name: `^${server}$` });

    const args = [sshKey, 'by-hand', accept, fingerprint(keyBlob(text)!)];
    // Until its node is Ready again it would be left out.
    const leftOut = async (): Promise<unknown> => {
      const { out } = await cli.run(['cluster', 'adopt', 'demo', ...args, '--dry-run', '--json']);
      return (JSON.parse(out) as Partial<Adopted>).leftOut;
    };
    await expect.poll(leftOut, { timeout: 60_000 }).toEqual([]);
    const adopted = await adopt(...args);
    // It is through the cluster that the key gets onto all others.
    for (const machine of machines.filter((name) => name !== server))
      expect(stepIds(adopted)).toContain(`authorize:${machine}`);
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(pair.privateKey.reveal());
    await worksAgain();
  });

  it('goes on where a killed run stopped, wherever that was', async () => {
    const points = [
      ['workspace', 'write demo/id_ed25519'],
      ['kube', 'PATCH pods/kube-system/'],
      ['kube', 'DELETE pods/kube-system/'],
      ['workspace', 'write demo/hosts/'],
      ['provider', 'POST /ssh_keys'],
      ['workspace', 'write demo/kubeconfig'],
      ['workspace', 'write demo/record.json'],
    ] as const;
    writeFileSync(join(cli.home, 'copy.kubeconfig'), readFileSync(file('kubeconfig')));
    const args = ['cluster', 'adopt', 'demo', '--kubeconfig', 'copy.kubeconfig', '--yes'];
    rmSync(folder, { recursive: true });
    let killed = 0;
    for (const [kind, what] of points) {
      for (const when of ['before', 'after']) {
        const boundary = JSON.stringify([{ kind, what, when, act: 'kill' }]);
        const run = await cli.run(args, { SLIPWAY_TEST_BOUNDARY: boundary });
        if (run.code === 137) killed += 1;
      }
    }
    expect(killed).toBeGreaterThan(5);
    const run = await cli.run(args);
    expect(run, run.err).toMatchObject({ code: 0 });
    await worksAgain();
  });
});

describe('`cluster adopt` mends a workspace of which one file is lost or damaged', () => {
  it('the record is damaged: the error of every command names the way back', async () => {
    writeFileSync(file('record.json'), readFileSync(file('record.json'), 'utf8').slice(0, 100));
    const listed = await cli.run(['cluster', 'list']);
    expect(listed, listed.err).toMatchObject({ code: 0, out: expect.stringMatching(/^demo .*damaged$/m) as string });
    expect(listed.err).toMatch(/^Warning: .*record\.json is damaged.*slipway cluster adopt demo$/m);
    const variables = await cli.run(['sandbox', 'status', '--env']);
    expect(variables, variables.err).toMatchObject({ code: 0, out: expect.stringContaining('HCLOUD_TOKEN') as string });
    expect(variables.err).toBe(listed.err);
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'apply', 'demo', '--yes');
    expect(stepIds(adopted)).toEqual(['record']);
    expect(adopted.damages.join('\n')).toContain(file('record.json'));
    expect(readdirSync(folder).filter((name) => name.startsWith('record.json.'))).toHaveLength(1);
  });

  it('the record is gone: nothing at all is known of the cluster', async () => {
    rmSync(file('record.json'));
    const adopted = await walkTheHint('UNKNOWN_CLUSTER', 'cluster', 'status', 'demo');
    expect(stepIds(adopted)).toEqual(['record']);
  });

  it('the record is gone: creating the cluster again is refused', async () => {
    rmSync(file('record.json'));
    await walkTheHint('UNKNOWN_NAMESAKE', 'cluster', 'create', 'demo', '--provider', 'sandbox', '--yes');
  });

  it('the SSH key is lost', async () => {
    rmSync(file('id_ed25519'));
    await walkTheHint('SSH_KEY_LOST', 'cluster', 'apply', 'demo', '--yes');
  });

  it('the SSH key is not the one that the machines accept', async () => {
    const other = generateKeyPair('other').privateKey.reveal();
    writeFileSync(file('id_ed25519'), other, { mode: 0o600 });
    await walkTheHint('SSH_KEY_CHANGED', 'cluster', 'plan', 'demo');
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(other);
  });

  it('the SSH key is damaged', async () => {
    writeFileSync(file('id_ed25519'), 'not a key', { mode: 0o600 });
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'ssh', 'demo', 'cp-1', '--', 'true');
    expect(adopted.damages.join('\n')).toContain(file('id_ed25519'));
  });

  it('the host keys are lost', async () => {
    rmSync(file('hosts'), { recursive: true });
    const adopted = await walkTheHint('HOST_KEY_UNKNOWN', 'cluster', 'ssh', 'demo', 'cp-1', '--', 'true');
    expect(stepIds(adopted)).not.toContain('identity');
  });

  it('the host keys of one machine are damaged', async () => {
    const [machine = ''] = machines;
    writeFileSync(file(`hosts/${machine}.json`), '{');
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'ssh', 'demo', machine, '--', 'true');
    expect(stepIds(adopted)).toEqual([`authorize:${machine}`]);
  });

  it('a machine’s pinned host key is another: the cluster says which is right, and no pin is replaced unasked', async () => {
    const [machine = ''] = machines;
    const path = file(`hosts/${machine}.json`);
    const pins = [generateKeyPair('other').publicKey.split(' ').slice(0, 2).join(' ')];
    writeFileSync(path, JSON.stringify({ version: 1, pins, swapped: true }));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    const { code, hint } = failureOf(refused);
    expect({ code, exit: refused.code }).toEqual({ code: 'HOST_KEY_MISMATCH', exit: 3 });
    const [, named] = /remove (\S+) and run/.exec(hint)!;
    expect(named).toBe(path);
    rmSync(named!);
    expect(stepIds(await adopt())).toEqual([`authorize:${machine}`]);
    await worksAgain();
  });

  it('the kubeconfig is lost', async () => {
    rmSync(file('kubeconfig'));
    const adopted = await walkTheHint('NO_KUBECONFIG', 'cluster', 'kubeconfig', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('the kubeconfig is damaged', async () => {
    writeFileSync(file('kubeconfig'), '}{');
    const adopted = await walkTheHint('KUBECONFIG_INVALID', 'cluster', 'plan', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('the kubeconfig’s credentials are accepted no more: no command takes the cluster for silent', async () => {
    const config = parse(readFileSync(file('kubeconfig'), 'utf8')) as { users: { user: object }[] };
    for (const one of config.users) one.user = { token: 'expired' };
    writeFileSync(file('kubeconfig'), stringify(config));
    for (const args of [
      ['cluster', 'status', 'demo'],
      ['cluster', 'apply', 'demo', '--yes'],
    ])
      expect((await cli.run(args)).err).toContain('Code: KUBE_UNAUTHORIZED');
    const adopted = await walkTheHint('KUBE_UNAUTHORIZED', 'cluster', 'plan', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('nothing is lost: nothing is changed', async () => {
    await worksAgain();
    expect(stepIds(await adopt())).toEqual([]);
  });
});

describe('`cluster adopt` refuses what is not the cluster that is meant', () => {
  it('a namesake at the provider with another id than the record’s', async () => {
    const record = JSON.parse(readFileSync(file('record.json'), 'utf8')) as object;
    writeFileSync(file('record.json'), JSON.stringify({ ...record, id: 'another' }));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    expect(failureOf(refused)).toMatchObject({ code: 'OTHER_CLUSTER' });
    expect(failureOf(refused).details!.join('\n')).toContain('another');
  });

  it('a kubeconfig that leads to another cluster', async () => {
    const created = await cli.run(['cluster', 'create', 'other', '--yes']);
    expect(created, created.err).toMatchObject({ code: 0 });
    writeFileSync(join(cli.home, 'other.kubeconfig'), readFileSync(join(folder, '..', 'other', 'kubeconfig')));
    rmSync(file('kubeconfig'));
    rmSync(file('id_ed25519'));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--kubeconfig', 'other.kubeconfig', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    expect(failureOf(refused).details!.join('\n')).toContain('it leads to another cluster');
  });

  it('a name that no machine carries, with those that there are', async () => {
    const refused = await cli.run(['cluster', 'adopt', 'dmeo', '--provider', 'sandbox', '--json']);
    expect(refused).toMatchObject({ code: 2 });
    expect(failureOf(refused)).toMatchObject({
      code: 'UNKNOWN_CLUSTER',
      hint: expect.stringContaining('demo (') as string,
    });
  });
});

describe('what a cluster is made of is told by the label on its servers', () => {
  type Server = { readonly id: number; readonly name: string; readonly labels: Readonly<Record<string, string>> };
  const key = 'slipway.dev/distribution';
  const servers = async (): Promise<readonly Server[]> =>
    (await cli.cloud<Server>('servers')).filter(({ name }) => machines.includes(name));
  /** @param distribution undefined: as on servers of before there was such a label */
  async function label(distribution: string | undefined): Promise<void> {
    const { endpoint, info } = await cli.sandbox();
    for (const { id, labels } of await servers()) {
      const { [key]: _, ...others } = labels;
      const body = JSON.stringify({ labels: distribution === undefined ? others : { ...others, [key]: distribution } });
      const headers = { Authorization: `Bearer ${info.cloudToken}`, 'Content-Type': 'application/json' };
      expect((await fetch(`${endpoint}/servers/${id}`, { method: 'PUT', headers, body })).status).toBe(200);
    }
  }
  afterAll(() => label('k3s'));

  it('which `cluster create` writes, and which nothing is asked for in clusters of before', async () => {
    expect((await servers()).map(({ labels }) => labels[key])).toEqual(machines.map(() => 'k3s'));
    await label(undefined);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
    await adopt('--provider', 'sandbox', '--kubeconfig', join(kept, 'kubeconfig'));
    await worksAgain();
  });

  it('so that neither `cluster adopt` nor `cluster delete` touches what this Slipway does not know', async () => {
    await label('later');
    rmSync(folder, { recursive: true });
    const at = ['--provider', 'sandbox', '--yes', '--json'];
    for (const args of [
      ['adopt', 'demo', '--kubeconfig', join(kept, 'kubeconfig'), ...at],
      ['delete', 'demo', '--confirm', 'demo', ...at],
    ]) {
      const refused = await cli.run(['cluster', ...args]);
      expect(refused, refused.out).toMatchObject({ code: 2 });
      expect(failureOf(refused)).toMatchObject({
        code: 'UNKNOWN_DISTRIBUTION',
        message: 'demo is made of later, which this Slipway does not know.',
      });
    }
    expect(await servers()).toHaveLength(machines.length);
  });
});
