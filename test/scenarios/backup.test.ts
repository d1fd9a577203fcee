import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';
import { type S3Server, versitygw } from '../support/s3-servers.js';

interface Created {
  readonly id: string;
  readonly created: boolean;
  readonly manifest: { readonly snapshot: { readonly parts: number }; readonly claims: readonly string[] };
}

const { signal } = new AbortController();
const desk = new Cli();
const backups = join(desk.home, 'ws', 'backups', 'demo');
const json = <T>({ out }: Run): T => JSON.parse(out) as T;
const backUp = async (env: Readonly<Record<string, string>> = {}): Promise<Created> => {
  const run = await desk.run(['backup', 'create', 'demo', '--json'], env);
  expect(run, run.err).toMatchObject({ code: 0 });
  return json<Created>(run);
};
const verify = (...args: string[]): Promise<Run> => desk.run(['backup', 'verify', 'demo', ...args]);
const listed = async (): Promise<readonly string[]> =>
  json<{ backups: { id: string }[] }>(await desk.run(['backup', 'list', 'demo', '--json'])).backups.map(({ id }) => id);
const killedAt = (when: 'before' | 'after', kind: string, what: string): Record<string, string> => ({
  SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when, kind, what, act: 'kill' }]),
});

beforeAll(async () => {
  const created = await desk.run([
    'cluster',
    'create',
    'demo',
    '--provider',
    'sandbox',
    '--control-planes',
    '1',
    '--yes',
  ]);
  expect(created, created.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => desk.close());

describe('backups in a workspace that is a folder', () => {
  it('says before the first that there is none, and how to make one', async () => {
    const { code, err } = await desk.run(['backup', 'list', 'demo']);
    expect(code).toBe(2);
    expect(err).toContain('slipway backup create demo');
  });

  it('are sealed for an identity that is made for them, and hold all that a restore needs', async () => {
    const run = await desk.run(['backup', 'create', 'demo']);
    expect(run.code).toBe(0);
    expect(run.err).toContain(`Keep a copy of ${join(desk.home, 'ws', 'identity.txt')}`);
    const stored = desk.workspaceText(backups);
    expect(stored).toContain('BEGIN AGE ENCRYPTED FILE');
    const token = readFileSync(join(desk.home, 'ws/clusters/demo/secrets/server-token'), 'utf8');
    for (const secret of [token, 'PRIVATE KEY', 'kind: Config', '/bootstrap/']) expect(stored).not.toContain(secret);
    const verified = await verify();
    expect(verified.out).toMatch(/is whole: .* revision \d+ of etcd\. The token opens it\./);
  });

  it('name every claim that they do not cover, with its node and size', { timeout: 60_000 }, async () => {
    const kube = await openKube({
      kubeconfig: new Secret(readFileSync(join(desk.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
      boundary: openBoundary,
      clock: systemClock,
    });
    const [node] = await kube.nodes({ signal });
    const size = { storage: '3Gi' };
    const base = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node!.name] }];
    const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
    for (const object of [
      {
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: { ...base, local: { path: '/data' }, capacity: size, nodeAffinity },
      },
      {
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'files', namespace: 'default' },
        spec: { ...base, volumeName: 'disk', resources: { requests: size } },
      },
    ])
      await kube.apply({ apiVersion: 'v1', ...object }, { signal });
    kube.close();
    const text = `not covered: volume of default/files, 3Gi: on the disk of ${node!.name} alone`;
    const created = await desk.run(['backup', 'create', 'demo']);
    expect(created.out).toContain(text);
    expect((await verify()).out).toContain(text);
    expect((await desk.run(['cluster', 'status', 'demo'])).out).toContain(text);
    const { verified } = json<{ verified: { uncovered: object[] }[] }>(await verify('--json'));
    expect(verified[0]!.uncovered).toMatchObject([
      { kind: 'claim', name: 'default/files', size: '3Gi', node: node!.name },
    ]);
  });

  it('are not taken anew while the last one is young, when only one that is due was asked for', async () => {
    const before = await listed();
    const { code, out } = await desk.run(['backup', 'create', 'demo', '--due']);
    expect(code).toBe(0);
    expect(out).toContain('No backup is due');
    expect(await listed()).toEqual(before);
  });

  it.each([
    killedAt('before', 'ssh', 'snapshot-etcd'),
    killedAt('after', 'ssh', 'snapshot-etcd'),
    killedAt('before', 'ssh', 'download'),
    killedAt('after', 'workspace', 'snapshot-0001'),
    killedAt('before', 'workspace', 'contents.json'),
    killedAt('before', 'workspace', 'manifest.json'),
  ])('that were killed are no backups, and the next one is whole: %j', async (env) => {
    const before = await listed();
    expect((await desk.run(['backup', 'create', 'demo'], env)).code).toBe(137);
    expect(await listed()).toEqual(before);
    const { id } = await backUp();
    expect((await verify('--id', id)).code).toBe(0);
  });

  it('are told apart from one that was swapped, cut off, emptied or lost a part', async () => {
    const [good, bad] = [(await backUp()).id, (await backUp()).id];
    const spare = join(desk.home, 'spare');
    mkdirSync(spare);
    for (const name of readdirSync(join(backups, bad))) copyFileSync(join(backups, bad, name), join(spare, name));
    const part = join(backups, bad, 'snapshot-0001');
    const restored = (): void => {
      for (const name of readdirSync(spare)) copyFileSync(join(spare, name), join(backups, bad, name));
    };
    const damages: readonly [string, () => void, RegExp][] = [
      ['swapped', () => copyFileSync(join(backups, good, 'snapshot-0001'), part), /put in this one’s place/],
      ['cut off', () => writeFileSync(part, readFileSync(part).subarray(0, 2000), { mode: 0o600 }), /damaged/],
      ['emptied', () => writeFileSync(part, '', { mode: 0o600 }), /it is empty/],
      ['gone', () => rmSync(part), /part 1 of 1 of its snapshot is gone/],
      ['tokenless', () => rmSync(join(backups, bad, 'contents.json')), /token and the keys are not in it/],
      [
        'another’s',
        () => copyFileSync(join(backups, good, 'manifest.json'), join(backups, bad, 'manifest.json')),
        /in this one’s place/,
      ],
    ];
    for (const [what, damage, why] of damages) {
      damage();
      const { code, err } = await verify('--id', bad);
      expect({ what, code }).toEqual({ what, code: 3 });
      expect(err).toMatch(why);
      expect(err).toContain('BACKUP_BAD');
      restored();
    }
    expect((await verify('--all')).code).toBe(0);
  });

  it('are closed to another identity, which is named with what to do', async () => {
    const home = join(desk.home, 'stranger');
    mkdirSync(home);
    const key = { SLIPWAY_AGE_KEY_FILE: join(home, 'identity.txt') };
    await desk.run(['workspace', 'identity'], key);
    const { code, err } = await desk.run(['backup', 'verify', 'demo'], key);
    expect(code).toBe(2);
    expect(err).toContain('WRONG_IDENTITY');
  });

  it('stay when they are pruned as long as the file asks for them', async () => {
    const { out, code } = await desk.run(['backup', 'prune', 'demo', '--yes']);
    expect(code).toBe(0);
    expect(out).toContain('Nothing to remove');
  });

  it('are refused where no server is well', { timeout: 60_000 }, async () => {
    const servers = await desk.cloud<{ name: string; id: number }>('servers');
    const { endpoint, info } = await desk.sandbox();
    const call = (what: string): Promise<Response> =>
      fetch(`${endpoint}/servers/${servers[0]!.id}/actions/${what}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
    await call('poweroff');
    await expect
      .poll(async () => (await desk.run(['backup', 'create', 'demo'])).err, { timeout: 30_000 })
      .toContain('No server of demo is Ready and votes.');
    await call('poweron');
    await expect
      .poll(async () => (await desk.run(['cluster', 'status', 'demo', '--exit-code'])).code, { timeout: 30_000 })
      .toBe(0);
  });
});

const available = client('versitygw') !== undefined;

describe.skipIf(!available)('backups in a bucket that the file names', () => {
  let server: S3Server;
  let place: string;

  beforeAll(async () => {
    server = (await versitygw())!;
    place = `s3://${await server.bucket()}/backups`;
    const spec = await desk.run(['cluster', 'status', 'demo', '--spec']);
    writeFileSync(join(desk.home, 'demo.yaml'), `${spec.out}\nbackup: {to: '${place}', every: 1h}\n`);
    const applied = await desk.run(['cluster', 'apply', '-f', 'demo.yaml', '--yes'], server.env);
    expect(applied, applied.err).toMatchObject({ code: 0 });
  }, 120_000);
  afterAll(async () => server?.close());

  it('go there and are found there, by their place alone, too', async () => {
    const { id } = await backUp(server.env);
    expect(existsSync(join(backups, id))).toBe(false);
    expect((await desk.run(['backup', 'verify', 'demo'], server.env)).out).toContain(id);
    const other = await desk.run(['backup', 'list', 'demo', '--at', place, '--json'], {
      ...server.env,
      SLIPWAY_WORKSPACE: join(desk.home, 'empty'),
    });
    expect(json<{ backups: { id: string }[] }>(other).backups.map((one) => one.id)).toEqual([id]);
  });

  it('stay openable for whom the place is sealed for anew', async () => {
    const stranger = await desk.run(['workspace', 'identity'], { SLIPWAY_AGE_KEY_FILE: join(desk.home, 'ci.txt') });
    const rotated = await desk.run(
      ['workspace', 'rotate', '--workspace', place, '--add', stranger.out.trim()],
      server.env,
    );
    expect(rotated, rotated.err).toMatchObject({ code: 0 });
    const asCi = { ...server.env, SLIPWAY_AGE_KEY_FILE: join(desk.home, 'ci.txt') };
    expect((await desk.run(['backup', 'verify', 'demo'], asCi)).code).toBe(0);
    expect((await desk.run(['backup', 'verify', 'demo'], server.env)).code).toBe(0);
  });

  it('are not brought outside the countries that the file allows', async () => {
    const spec = readFileSync(join(desk.home, 'demo.yaml'), 'utf8').replace(
      /provider:\n/,
      'provider:\n  residency: [DE]\n',
    );
    writeFileSync(join(desk.home, 'demo.yaml'), spec);
    const { code, err } = await desk.run(['backup', 'create', 'demo'], server.env);
    expect(code).toBe(3);
    expect(err).toContain('an unknown country');
  });
});
