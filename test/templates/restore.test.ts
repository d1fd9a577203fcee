import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, it } from 'vitest';

import { renewNodes, restoreEtcd } from '../../src/distributions/k3s/host/index.js';
import { Secret } from '../../src/domain/index.js';
import type { HostFacts } from '../../src/remote/types.js';
import { signal } from '../remote/support.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

const packed = gzipSync('pages and their sum');
const sha256 = createHash('sha256').update(packed).digest('hex');
const data = 'var/lib/rancher/k3s/server';
const state = 'var/lib/slipway';

describe.skipIf(sshdMissing)(`what a restore does on a host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const start = {
    name: 'start-k3s',
    params: { CONFIG: new Secret('token: "of-then"\ncluster-init: true\n') },
    deadlineMs: 1000,
  };
  const task = (restore = 'first') =>
    restoreEtcd({ restore, sha256, start, owner: rig.host.target.user, deadlineMs: 60_000 });
  const run = (restore?: string): Promise<HostFacts> => rig.run(task(restore));
  const copied = async (): Promise<void> => {
    const local = join(await mkdtemp(join(tmpdir(), 'slipway-')), 'snapshot.gz');
    await writeFile(local, packed);
    const session = await rig.remote.connect(rig.host.target, 20_000, { signal });
    await session.upload(local, join(rig.host.prefix, state, 'incoming/snapshot.gz'), 0o600, { signal });
  };
  /** `k3s` that makes etcd of a snapshot, and says this. */
  const k3s = (said: string, made = true): Promise<void> =>
    rig.host.write(
      'usr/local/bin/k3s',
      `#!/bin/sh
echo "$*" >>"$SLIPWAY_PREFIX/var/calls"
case "$1" in
  server)
    cp "\${3#*=}" "$SLIPWAY_PREFIX/var/got"
    cp "$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml" "$SLIPWAY_PREFIX/var/config"
    mkdir -p "$SLIPWAY_PREFIX/${data}/db"
    ${made ? `: >"$SLIPWAY_PREFIX/${data}/db/reset-flag"` : ':'}
    echo '${said}'
    exit 1
    ;;
  kubectl)
    if [ -s "$SLIPWAY_PREFIX/var/refusals" ] && case "$*" in *'get nodes'*) false ;; esac; then
      sed -i 1d "$SLIPWAY_PREFIX/var/refusals"
      echo 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?'
      exit 1
    fi
    case "$*" in
      *'get nodes'*)
        printf '%s\\n' "demo-cp-1   true     $(cat "$SLIPWAY_PREFIX/var/own-id")" 'demo-cp-2   true     hcloud://2' \\
          'demo-web-1   <none>   <none>' 'demo-web-2   <none>   hcloud://4' 'demo-web-3   <none>   hcloud://5' ;;
    esac
    ;;
esac
`,
      0o755,
    );
  const done = 'level=info msg="Managed etcd cluster membership has been reset, restart without --cluster-reset flag now."';

  beforeEach(async () => {
    for (const path of ['usr', 'etc/systemd', 'etc/rancher', 'var/lib', 'var/stand-in', 'var/calls'])
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    await k3s(done);
  });

  it('asks for the snapshot, and makes etcd of it before k3s was ever started, with the token of then', async () => {
    expect(await run()).toMatchObject({ restored: 'false', folder: join(rig.host.prefix, state, 'incoming') });
    await copied();
    expect(await run()).toMatchObject({ restored: 'true', changed: 'true' });
    expect(await rig.host.read('var/got')).toBe('pages and their sum');
    expect(await rig.host.read('var/config')).toContain('of-then');
    expect(await rig.host.read(`${state}/incoming/snapshot.gz`)).toBeUndefined();
    expect(await rig.host.read(`${state}/snapshot.restoring`)).toBeUndefined();
    // Once is enough: what came since is not lost to a second run.
    expect(await run()).toMatchObject({ restored: 'true', changed: 'false' });
    expect((await rig.host.read('var/calls'))!.match(/cluster-reset /g)).toHaveLength(1);
  });

  it('puts aside what the server had, and keeps that when a first try came no further', async () => {
    await rig.host.write(`${data}/token`, 'the old one\n');
    await rig.host.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await k3s('level=fatal msg="no space"', false);
    await run();
    await copied();
    await expect(run()).rejects.toMatchObject({ taskCode: 'RESTORE_FAILED' });
    expect(await rig.host.read(`${data}.before-first/token`)).toBe('the old one\n');
    expect((await rig.host.systemctlCalls()).join()).toContain('stop k3s.service');
    await k3s(done);
    expect(await run()).toMatchObject({ restored: 'true', changed: 'true' });
    expect(await rig.host.read(`${data}.before-first/token`)).toBe('the old one\n');
    // Another restore has other data to put aside.
    await rig.host.write(`${data}/token`, 'of the first restore\n');
    await run('second');
    await copied();
    await k3s('level=fatal msg="no space"', false);
    await expect(run('second')).rejects.toMatchObject({ taskCode: 'RESTORE_FAILED' });
    expect(await rig.host.read(`${data}.before-first/token`)).toBe('the old one\n');
    await k3s(done);
    const { pruned } = await run('second');
    expect(await rig.host.read(`${data}.before-second/token`)).toBe('of the first restore\n');
    // Of what was put aside the last one stays, and what goes is named.
    expect(pruned).toBe(join(rig.host.prefix, `${data}.before-first`));
    expect(await rig.host.read(`${data}.before-first/token`)).toBeUndefined();
  });

  it.each([
    ['level=fatal msg="bootstrap data already found and encrypted with different token"', 'BAD_TOKEN'],
    ['level=fatal msg="expected sha256 [1], got [2]"', 'SNAPSHOT_BAD'],
    ['level=fatal msg="etcd: snapshot path does not exist"', 'RESTORE_FAILED'],
  ])('says what k3s had against the snapshot: %s', async (said, code) => {
    await k3s(said, false);
    await run();
    await copied();
    await expect(run()).rejects.toMatchObject({ taskCode: code });
  });

  it('never makes a server of a machine that runs as an agent', async () => {
    await rig.host.write('etc/systemd/system/k3s-agent.service', '[Unit]\n');
    await expect(run()).rejects.toMatchObject({ taskCode: 'ROLE_CONFLICT' });
  });

  const own = { name: 'demo-cp-1', providerId: 'hcloud://1' };
  const keep = [
    own,
    { name: 'demo-cp-2', providerId: 'hcloud://2' },
    { name: 'demo-web-1', providerId: 'hcloud://3' },
    { name: 'demo-web-3', providerId: 'hcloud://5' },
  ];

  it('forgets the nodes of then that have no machine or are servers, and every password but that of its own', async () => {
    await rig.host.write('var/own-id', 'hcloud://1');
    await rig.host.write(`${state}/k3s.started`, 'as it is\n');
    const facts = await rig.run(renewNodes({ own: own.name, keep }));
    expect(facts).toEqual({
      removed: 'demo-cp-2 demo-web-2',
      waiting: 'demo-cp-1 demo-web-1 demo-web-3',
      anew: 'false',
    });
    const calls = (await rig.host.read('var/calls'))!;
    expect(calls).toContain('delete node --ignore-not-found --wait=false demo-cp-2 demo-web-2');
    // Nobody is left who would take them out of etcd, so that they go at once.
    expect(calls.match(/patch node \S+ --type=merge --patch .*finalizers/g)).toHaveLength(2);
    expect(calls).toMatch(
      /delete secret .* demo-cp-2\.node-password\.k3s demo-web-1\.node-password\.k3s demo-web-2\.node-password\.k3s demo-web-3\.node-password\.k3s\n/,
    );
    expect(calls).not.toContain('demo-cp-1.node-password');
    expect(calls.match(/patch node \S+ --subresource=status/g)).toEqual([
      'patch node demo-cp-1 --subresource=status',
      'patch node demo-web-1 --subresource=status',
      'patch node demo-web-3 --subresource=status',
    ]);
    expect(await rig.host.read(`${state}/k3s.started`)).toBe('as it is\n');
  });

  it.each([
    ['has the id of the machine before', 'hcloud://99', keep, 'demo-cp-1 demo-cp-2 demo-web-2'],
    ['has the id of the machine before, as has a worker’s', 'hcloud://99', [own], 'demo-cp-1 demo-cp-2 demo-web-1 demo-web-2 demo-web-3'],
  ])('has k3s started again where its own node %s', async (_what, id, nodes, removed) => {
    await rig.host.write('var/own-id', id);
    await rig.host.write(`${state}/k3s.started`, 'as it is\n');
    expect(await rig.run(renewNodes({ own: own.name, keep: nodes }))).toMatchObject({ removed, anew: 'true' });
    expect(await rig.host.read(`${state}/k3s.started`)).toBeUndefined();
  });

  it('waits for k3s that ends in the midst of it, having seen its node with an address of then', async () => {
    await rig.host.write('var/own-id', 'hcloud://99');
    await rig.host.write('var/refusals', '1\n2\n');
    expect(await rig.run(renewNodes({ own: own.name, keep }))).toMatchObject({ anew: 'true' });
    const calls = (await rig.host.read('var/calls'))!;
    expect(calls.match(/delete secret/g)).toHaveLength(3);
    expect(calls.match(/delete node/g)).toHaveLength(1);
  });

  it('has k3s started again where somebody removed its own node meanwhile', async () => {
    await rig.host.write('var/own-id', '');
    const facts = await rig.run(renewNodes({ own: 'demo-cp-9', keep }));
    expect(facts).toMatchObject({ anew: 'true', waiting: 'demo-web-1 demo-web-3' });
  });
});
