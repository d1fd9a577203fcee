import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  checkServer,
  installK3s,
  packSnapshot,
  parseServerCheck,
  putBackK3s,
  restartK3s,
  snapshotEtcd,
} from '../../src/distributions/k3s/host/index.js';
import { ipStandIn, k3sStandIn } from '../support/host-stand-ins.js';
import { serveRelease, type ReleaseServer } from '../support/release-server.js';
import { sshdMissing } from '../support/sshd.js';
import { signal } from '../remote/support.js';
import { useHost } from './support.js';

const old = 'v1.36.4+k3s1';
const next = 'v1.36.5+k3s1';
const place = 'usr/local/bin/k3s';
const library = 'usr/local/lib/slipway';

describe.skipIf(sshdMissing)(`what an upgrade does on a host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  let release: ReleaseServer | undefined;
  const install = async (version: string) => {
    await release?.close();
    release = await serveRelease(k3sStandIn(version));
    return rig.run(installK3s({ version, baseUrl: release.url, deadlineMs: 60_000 }));
  };
  const calls = async (from: number) => (await rig.host.systemctlCalls()).slice(from).join();
  const restart = () => rig.run(restartK3s({ role: 'server', deadlineMs: 60_000 }));

  beforeEach(async () => {
    for (const path of ['usr', 'etc/systemd', 'etc/rancher', 'var/lib', 'var/stand-in']) {
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    }
    await rig.host.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await rig.host.write('etc/rancher/k3s/config.yaml', 'token: t0\n', 0o600);
  });
  afterEach(async () => {
    await release?.close();
    release = undefined;
  });

  it('keeps the release that was there, and puts it back when it is asked to', async () => {
    await install(old);
    expect(await rig.host.read(`${library}/k3s.previous`)).toBeUndefined();
    await install(next);
    expect(await rig.host.read(`${library}/k3s.previous`)).toBe(k3sStandIn(old));
    expect(await rig.run(putBackK3s({ version: old }))).toEqual({ k3s_version: old, changed: 'true' });
    expect(await rig.host.read(place)).toBe(k3sStandIn(old));
    expect(await rig.run(putBackK3s({ version: old }))).toEqual({ k3s_version: old, changed: 'false' });
    // Once more forward, as another run does.
    expect(await install(next)).toMatchObject({ k3s_version: next, changed: 'true' });
  });

  it('never puts back a file that is not what its record says, or another release', async () => {
    await install(old);
    await install(next);
    await expect(rig.run(putBackK3s({ version: 'v1.36.3+k3s1' }))).rejects.toMatchObject({ taskCode: 'NO_PREVIOUS' });
    await rig.host.write(`${library}/k3s.previous`, 'half of it', 0o755);
    await expect(rig.run(putBackK3s({ version: old }))).rejects.toMatchObject({ taskCode: 'NO_PREVIOUS' });
    expect(await rig.host.read(place)).toBe(k3sStandIn(next));
  });

  it('does not keep what was changed on the disk', async () => {
    await install(old);
    await rig.host.write(place, `${k3sStandIn(old)}# changed\n`, 0o755);
    await install(next);
    expect(await rig.host.read(`${library}/k3s.previous`)).toBeUndefined();
  });

  it('restarts k3s with the configuration that it has, once, and only for another binary', async () => {
    await install(old);
    await rig.host.write('var/stand-in/k3s.service.state', 'active\n');
    expect(await restart()).toEqual({ active: 'true', changed: 'true' });
    const from = (await rig.host.systemctlCalls()).length;
    expect(await restart()).toEqual({ active: 'true', changed: 'false' });
    expect(await calls(from)).not.toContain('restart');
    await install(next);
    expect(await restart()).toEqual({ active: 'true', changed: 'true' });
    expect(await calls(from)).toContain('restart --no-block k3s.service');
    expect(await rig.host.read('etc/rancher/k3s/config.yaml')).toBe('token: t0\n');
    expect(await rig.host.read('etc/systemd/system/k3s.service')).toBe('[Unit]\n');
  });

  it('refuses to restart a k3s that never ran there', async () => {
    await install(old);
    await rm(join(rig.host.prefix, 'etc/systemd/system/k3s.service'));
    await expect(restart()).rejects.toMatchObject({ taskCode: 'K3S_MISSING' });
  });

  /** `k3s` that takes snapshots whose pages are these, and whose API is ready. */
  const server = async (end: string, ready = 'ok', metrics = '') =>
    rig.host.write(
      place,
      `#!/bin/sh
case "$1" in
  --version) echo 'k3s version ${old} (0123abcd)' ;;
  etcd-snapshot)
    folder=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db/snapshots
    mkdir -p "$folder"
    if [ "$2" = delete ]; then rm "$folder/$3"; exit; fi
    printf '%512s' pages >"$folder/$4-node-1700000001"
    printf '${end}' >>"$folder/$4-node-1700000001"
    ;;
  kubectl) case "$*" in
    *' /metrics') echo '${metrics}' ;;
    *) echo '${ready}'; [ '${ready}' = ok ] ;;
  esac ;;
esac
`,
      0o755,
    );
  const escaped = (sum: Buffer): string => [...sum].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const sum = createHash('sha256').update('pages'.padStart(512)).digest();

  it('takes a snapshot that ends with its own sum', async () => {
    await server(escaped(sum));
    expect(await rig.run(snapshotEtcd({ kind: 'slipway-at-', release: old }))).toEqual({
      snapshot: `${rig.host.prefix}/var/lib/rancher/k3s/server/db/snapshots/slipway-at-v1.36.4-k3s1-node-1700000001`,
      size: '544',
      pruned: '0',
    });
    // Nothing new came: the one that was there is no snapshot of now.
    await expect(rig.run(snapshotEtcd({ kind: 'slipway-at-', release: old }))).rejects.toMatchObject({
      taskCode: 'SNAPSHOT_FAILED',
    });
  });

  it('keeps the first and the last snapshot of each of the three newest releases, and whatever else lies there', async () => {
    const folder = 'var/lib/rancher/k3s/server/db/snapshots';
    const releases = ['v1.33.1-k3s1', 'v1.34.6-k3s2', 'v1.35.9-k3s1', 'v1.36.4-k3s1'];
    const others = ['etcd-snapshot-node-1600000000', 'slipway-by-hand'];
    const lying = [
      ...others,
      ...releases.flatMap((release, index) => [1, 2, 3].map((n) => `slipway-at-${release}-node-16${index}000000${n}`)),
    ];
    for (const [index, name] of lying.entries()) {
      await rig.host.write(`${folder}/${name}`, 'taken earlier');
      const at = new Date(Date.UTC(2026, 0, 1 + index));
      await utimes(join(rig.host.prefix, folder, name), at, at);
    }
    await server(escaped(sum));
    // That of now is one more of the last release, and takes the place of the one that was the last.
    expect(await rig.run(snapshotEtcd({ kind: 'slipway-at-', release: old }))).toMatchObject({ pruned: '7' });
    expect((await readdir(join(rig.host.prefix, folder))).sort()).toEqual(
      [
        ...others,
        ...['v1.34.6-k3s2-node-1610000001', 'v1.34.6-k3s2-node-1610000003', 'v1.35.9-k3s1-node-1620000001'],
        ...['v1.35.9-k3s1-node-1620000003', 'v1.36.4-k3s1-node-1630000001', 'v1.36.4-k3s1-node-1700000001'],
      ]
        .map((name) => (others.includes(name) ? name : `slipway-at-${name}`))
        .sort(),
    );
  });

  it('hands a packed copy to whom it is for, and leaves none among those that k3s never prunes', async () => {
    await server(escaped(sum));
    const { user } = rig.host.target;
    const facts = await rig.run(packSnapshot({ name: 'slipway-1', owner: user }));
    const packed = `${rig.host.prefix}/var/lib/slipway/outgoing/slipway-1.gz`;
    expect(facts).toMatchObject({ packed, size: '544', k3s_version: old });
    const session = await rig.remote.connect(rig.host.target, 20_000, { signal });
    const local = join(await mkdtemp(join(tmpdir(), 'slipway-')), 'snapshot.gz');
    await session.download(packed, local, { signal });
    const whole = gunzipSync(await readFile(local));
    expect(whole.subarray(-32)).toEqual(sum);
    expect(createHash('sha256').update(whole).digest('hex')).toBe(facts['sha256']);
    expect(await rig.host.read('var/lib/rancher/k3s/server/db/snapshots/slipway-1-node-1700000001')).toBeUndefined();
    await expect(session.download(`${packed}.not`, local, { signal })).rejects.toMatchObject({ code: 'FETCH_FAILED' });
  });

  it.each([
    ['was cut off', escaped(sum.subarray(0, 20))],
    ['holds something else than its sum says', escaped(Buffer.alloc(32, 1))],
  ])('does not believe in a snapshot that %s', async (_what, end) => {
    await server(end);
    await expect(rig.run(snapshotEtcd({ kind: 'slipway-at-', release: old }))).rejects.toMatchObject({ taskCode: 'SNAPSHOT_BAD' });
  });

  it('reads from a server what its etcd runs and what the members agreed on, once its API is ready', async () => {
    await server('');
    await rig.host.write(
      '../bin/curl',
      `#!/bin/sh
case "$*" in
  *:2382/version) echo '{"etcdserver":"3.6.7","etcdcluster":"3.5.0","storage":"3.5.0"}' ;;
  *) exit 7 ;;
esac
`,
      0o755,
    );
    expect(parseServerCheck(await rig.run(checkServer()))).toEqual({
      server: '3.6.7',
      cluster: '3.5.0',
      holdsAddress: false,
      requested: [],
    });
    const requested = [
      'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1',
      'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="status",version="v1beta3"} 1',
      'apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1',
      'apiserver_requested_deprecated_apis{group="",removed_release="1.40",resource="endpoints",subresource="",version="v1"} 1',
      'apiserver_request_total{group="",removed_release="1.40",resource="pods",version="v1"} 1',
    ].join('\n');
    await server('', 'ok', requested);
    expect(parseServerCheck(await rig.run(checkServer({ requests: true }))).requested).toEqual([
      { api: 'endpoints.v1', removedIn: '1.40' },
      { api: 'flowschemas.v1beta3.flowcontrol.apiserver.k8s.io', removedIn: '1.32' },
    ]);
    expect(parseServerCheck(await rig.run(checkServer())).requested).toEqual([]);
    await rig.host.write('../bin/ip', ipStandIn, 0o755);
    await rig.host.write('var/stand-in/addresses', 'eth0 10.0.0.9/32\n');
    expect(parseServerCheck(await rig.run(checkServer({ address: '10.0.0.9' })))).toMatchObject({ holdsAddress: true });
    await rig.host.write('../bin/curl', '#!/bin/sh\necho "404 page not found"\n', 0o755);
    await expect(rig.run(checkServer())).rejects.toMatchObject({ taskCode: 'ETCD_SILENT' });
    await server('', '[-]etcd failed: reason withheld');
    await expect(rig.run(checkServer({ deadlineMs: 35_000 }))).rejects.toMatchObject({ taskCode: 'API_NOT_READY' });
    await rm(join(rig.host.prefix, '../bin/curl'));
  });
});
