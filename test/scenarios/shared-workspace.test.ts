import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { client } from '../support/clients.js';
import { s3Blobs } from '../support/s3-blobs.js';
import { type S3Server, versitygw } from '../support/s3-servers.js';

const available = client('versitygw') !== undefined;
const desk = new Cli();
const folder = mkdtempSync(join(tmpdir(), 'slipway-s3-'));
let server: S3Server;
let place: string;
let env: Readonly<Record<string, string>>;
/** Another computer: another home and another identity, and only what the bucket tells it. */
let colleague: Readonly<Record<string, string>>;

const inBucket = (): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');

beforeAll(async () => {
  if (!available) return;
  server = (await versitygw(folder))!;
  place = `s3://${await server.bucket()}/team`;
  env = { ...server.env, SLIPWAY_WORKSPACE: place };
  const home = join(desk.home, 'colleague');
  colleague = { ...env, HOME: home, SLIPWAY_HOME: join(home, 'ws') };
});
afterAll(async () => {
  await desk.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!available)('a workspace in a bucket', () => {
  it('is refused before one was moved there, with the command that does it', async () => {
    await desk.run(['workspace', 'identity']);
    const { code, err } = await desk.run(['cluster', 'list', '--workspace', place], server.env);
    expect(code).toBe(2);
    expect(err).toContain(`slipway workspace move '${place}'`);
  });

  it('goes on with a move that was killed, and with the cluster that came with it', { timeout: 120_000 }, async () => {
    const created = await desk.run(['cluster', 'create', 'demo', '--control-planes', '1', '--yes'], server.env);
    expect(created.code).toBe(0);
    const killed = JSON.stringify([{ when: 'before', kind: 'workspace', what: 'write demo/kubeconfig', act: 'kill' }]);
    const move = ['workspace', 'move', place, '--yes'];
    expect((await desk.run(move, { ...server.env, SLIPWAY_TEST_BOUNDARY: killed })).code).toBe(137);
    expect((await desk.run(['cluster', 'list'], server.env)).out).toContain('demo');
    expect((await desk.run(move, server.env)).err).toBe('');
    expect((await desk.run(['cluster', 'list'], env)).out).toContain('demo');
    const old = await desk.run(['cluster', 'list'], server.env);
    expect(old).toMatchObject({ code: 2, err: expect.stringContaining('WORKSPACE_MOVED') as string });
  });

  it('has a cluster created in it', { timeout: 120_000 }, async () => {
    const created = await desk.run(['cluster', 'create', 'second', '--control-planes', '1', '--yes'], env);
    expect(created.code).toBe(0);
    expect(created.out).toContain('slipway cluster kubeconfig second --merge');
    expect(created.out).not.toContain('kubectl --kubeconfig s3:');
    expect((await desk.run(['cluster', 'plan', 'second', '--detailed-exitcode'], env)).code).toBe(0);
  });

  it('is closed to another computer until it is added, which then tells the cluster’s state and gets in', async () => {
    const stranger = await desk.run(['workspace', 'identity'], colleague);
    const recipient = stranger.out.trim();
    const refused = await desk.run(['cluster', 'status', 'demo'], colleague);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain(`slipway workspace rotate --add ${recipient}`);
    expect((await desk.run(['workspace', 'rotate', '--add', recipient], env)).code).toBe(0);
    // The sandbox is on the first computer: what a token is for a real cloud.
    const state = {
      SLIPWAY_HOME: join(desk.home, 'ws'),
      SLIPWAY_AGE_KEY_FILE: join(desk.home, 'colleague/ws/identity.txt'),
    };
    const status = await desk.run(['cluster', 'status', 'demo', '--json'], { ...colleague, ...state });
    expect(JSON.parse(status.out)).toMatchObject({ api: { reachable: true }, differs: [] });
    const ssh = await desk.run(['cluster', 'ssh', 'demo', 'cp-1', '--', 'hostname'], { ...colleague, ...state });
    expect(ssh.out).toMatch(/^demo-cp-1-/);
    expect((await desk.run(['cluster', 'list'], colleague)).out).toContain('demo');
  });

  it('never shows in clear what is secret', async () => {
    const kubeconfig = (await desk.run(['cluster', 'kubeconfig', 'demo'], env)).out;
    const secrets = [...kubeconfig.matchAll(/(?:client-key-data|token): (\S+)/g)].map(([, value]) => value!);
    expect(secrets.length).toBeGreaterThan(0);
    const stored = inBucket();
    expect(stored).toContain('BEGIN AGE ENCRYPTED FILE');
    for (const secret of [
      ...secrets,
      'PRIVATE KEY',
      'AGE-SECRET-KEY',
      'kind: Config',
      server.env['AWS_SECRET_ACCESS_KEY']!,
    ])
      expect(stored).not.toContain(secret);
    expect(desk.workspaceText(join(desk.home, 'ws', 'clusters'))).not.toContain(server.env['AWS_SECRET_ACCESS_KEY']);
  });

  it('lets one of two computers change a cluster, and the other take away a lock whose holder is gone', async () => {
    const lock = {
      operation: 'cluster apply',
      pid: 4711,
      host: 'elsewhere',
      user: 'ada',
      since: '2026-11-20T10:00:00.000Z',
      nonce: 'x',
    };
    const answer = await desk.run(['workspace', 'unlock', 'demo', '--yes'], env);
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('Nobody holds the lock of demo') as string });
    await s3Blobs(server, place).create('clusters/demo/lock', JSON.stringify(lock));
    const busy = await desk.run(['pool', 'add', 'demo', 'more', '--count', '1', '--yes'], env);
    expect(busy).toMatchObject({ code: 7, err: expect.stringContaining('slipway workspace unlock demo') as string });
    const freed = await desk.run(['workspace', 'unlock', 'demo', '--yes', '--json'], env);
    expect(JSON.parse(freed.out)).toMatchObject({ cluster: 'demo', holder: { host: 'elsewhere', user: 'ada' } });
    expect((await desk.run(['pool', 'add', 'demo', 'more', '--count', '1', '--yes'], env)).code).toBe(0);
  });

  it('says that the server is gone, and what to do', async () => {
    const nowhere = { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const { code, err } = await desk.run(['cluster', 'list'], nowhere);
    expect(code).toBe(4);
    expect(err).toContain('S3_UNAVAILABLE');
    expect(err).toContain('run the same command again');
  });

  it('is emptied of a cluster that is deleted', { timeout: 60_000 }, async () => {
    expect((await desk.run(['cluster', 'delete', 'second', '--yes', '--confirm', 'second'], env)).code).toBe(0);
    expect((await desk.run(['cluster', 'list'], env)).out).not.toContain('second');
    expect(
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /clusters\/second\/./.test(name)),
    ).toEqual([]);
  });
});
