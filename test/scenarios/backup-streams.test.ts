import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';
import { emptyNats, type NatsServer, natsServer } from '../support/nats-server.js';

const json = <T>({ out }: Run): T => JSON.parse(out) as T;

describe.skipIf(client('nats') === undefined)('streams of NATS in backups', () => {
  const desk = new Cli();
  let server: NatsServer;
  let app: NatsConnection;

  const file = (streams: readonly string[]): void => {
    // Where the pod's port leads to on this computer.
    const annotations = { 'sandbox.slipway.dev/port-4222': `127.0.0.1:${server.port}` };
    const values = { podTemplate: { merge: { metadata: { annotations } } } };
    writeFileSync(
      join(desk.home, 'demo.yaml'),
      stringify({
        name: 'demo',
        provider: { name: 'sandbox' },
        controlPlane: { count: 1 },
        components: { preset: 'none', 'hcloud-csi': true, nats: { replicas: 1, values } },
        backup: { streams },
      }),
    );
  };
  const slipway = async (...args: string[]): Promise<Run> => desk.run(args);
  const api = async (subject: string, request: object = {}): Promise<Record<string, unknown>> =>
    (await app.request(`$JS.API.${subject}`, JSON.stringify(request), { timeout: 20_000 })).json();
  const asApp = (): Promise<NatsConnection> =>
    connect({ servers: `127.0.0.1:${server.port}`, user: 'app', pass: server.passwords.app });
  const stateOf = async (name: string): Promise<unknown> => (await api(`STREAM.INFO.${name}`))['state'];

  beforeAll(async () => {
    server = (await natsServer())!;
    file(['ORD*']);
    const env = { NATS_PASSWORD: server.passwords.app, NATS_BACKUP_PASSWORD: server.passwords.backup };
    const created = await desk.run(['cluster', 'create', '-f', 'demo.yaml', '--yes'], env);
    expect(created, created.err).toMatchObject({ code: 0 });
    app = await asApp();
    for (const [name, storage] of [
      ['ORDERS', 'file'],
      ['AUDIT', 'file'],
      ['FAST', 'memory'],
    ] as const)
      await api(`STREAM.CREATE.${name}`, { name, storage, subjects: [`${name}.*`] });
    for (let number = 1; number <= 20; number += 1) await app.request('ORDERS.new', `planted-order-${number}`);
  });
  afterAll(async () => {
    await app?.close();
    await server?.close();
    await desk.close();
  });

  it('are copied where the file names them, and named with the reason where it does not', async () => {
    const created = await slipway('backup', 'create', 'demo');
    expect(created, created.err).toMatchObject({ code: 0 });
    for (const out of [created.out, (await slipway('backup', 'verify', 'demo')).out]) {
      expect(out).toContain('stream ORDERS: 20 messages');
      expect(out).toContain('not covered: stream AUDIT: not among backup.streams in the cluster file');
      expect(out).toContain('not covered: stream FAST: kept in memory, of which NATS makes no copies');
    }
    expect((await slipway('cluster', 'status', 'demo')).out).toContain('not covered: stream FAST: kept in memory');
    const kept = desk.workspaceText(join(desk.home, 'ws', 'backups'));
    for (const secret of ['planted-order', server.passwords.backup]) expect(kept).not.toContain(secret);
  });

  it('are proven by a drill in a server of their own; the one of the cluster is asked for nothing', async () => {
    const alone = (await emptyNats())!;
    const kube = await openKube({
      kubeconfig: new Secret(readFileSync(join(desk.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
      boundary: openBoundary,
      clock: systemClock,
    });
    const { signal } = new AbortController();
    // Where the port of the drill’s pod leads to on this computer.
    const annotations = { 'sandbox.slipway.dev/port-4222': `127.0.0.1:${alone.port}` };
    await kube.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', annotations } },
      { signal },
    );
    const before = await stateOf('ORDERS');
    const drilled = await slipway('backup', 'drill', 'demo');
    expect(drilled, drilled.err).toMatchObject({ code: 0 });
    expect(drilled.out).toMatch(/The stream ORDERS can be brought back from \S+: 20 messages, took \d+ s\./);
    expect((await slipway('cluster', 'status', 'demo')).out).toMatch(
      /last proven stream ORDERS: \d+ s ago, 20 messages/,
    );
    expect(await stateOf('ORDERS')).toEqual(before);
    const pods = await kube.list('v1', 'Pod', { labelSelector: 'app.kubernetes.io/managed-by=slipway' }, { signal });
    expect(pods.filter(({ metadata }) => metadata.namespace === 'kube-system')).toEqual([]);
    kube.close();
    await alone.close();
  });

  it('come back as they were when NATS has lost everything, and twice is no more than once', async () => {
    const before = await stateOf('ORDERS');
    await app.close();
    await server.lose();
    app = await asApp();
    const shown = await slipway('backup', 'restore-streams', 'demo', '--dry-run');
    expect(shown.out).toContain('ORDERS: 20 messages would be restored');
    expect(await api('STREAM.NAMES')).toMatchObject({ streams: null });
    const restored = await slipway('backup', 'restore-streams', 'demo');
    expect(restored, restored.err).toMatchObject({ code: 0 });
    expect(restored.out).toContain('ORDERS: 20 messages restored');
    expect(await stateOf('ORDERS')).toEqual(before);
    await app.request('ORDERS.new', 'written since');
    expect((await slipway('backup', 'restore-streams', 'demo')).out).toContain(
      'ORDERS is there, and is left as it is.',
    );
    expect(await stateOf('ORDERS')).toMatchObject({ messages: 21 });
  });

  it('that the backup does not have are named together with those that it has', async () => {
    const { code, err } = await slipway('backup', 'restore-streams', 'demo', '--stream', 'FAST');
    expect(code).toBe(2);
    expect(err).toContain('has no copy of FAST');
    expect(err).toContain('It has ORDERS.');
  });

  it('that cannot be copied keep no backup of the rest from being made, and are an error all the same', async () => {
    await server.close();
    const { code, err } = await slipway('backup', 'create', 'demo', '--json');
    expect(code, err).toBe(4);
    expect(err).toContain('BACKUP_PARTIAL');
    const verified = json<{ verified: { streams: object[]; uncovered: { name: string; why: string }[] }[] }>(
      await slipway('backup', 'verify', 'demo', '--json'),
    );
    expect(verified.verified[0]!.streams).toEqual([]);
    expect(verified.verified[0]!.uncovered).toContainEqual(
      expect.objectContaining({
        kind: 'stream',
        name: '*',
        why: expect.stringContaining('could not be looked at') as string,
      }),
    );
  });

  it('that no backup asks for are looked at, and make none fail', async () => {
    file([]);
    expect((await slipway('cluster', 'apply', '-f', 'demo.yaml', '--yes')).code).toBe(0);
    const { code, out } = await slipway('backup', 'create', 'demo');
    expect(code).toBe(0);
    expect(out).toContain('not covered: stream *: could not be looked at');
  });
});
