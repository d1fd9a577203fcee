import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { type Counted, countedS3 } from '../support/counted.js';
import * as data from '../support/data.js';
import { configMaps, ensure, eventually, list, type Named, whole, writes } from '../support/kube.js';
import { createHosts, destroyHosts, type RigHost, ssh } from '../support/rig.js';
import { slack } from '../support/slack.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';
import { type S3Server, versitygw } from '../../support/s3-servers.js';

/** Of the bucket that has the files of volumes: no other opens it. */
const volumesKey = { AWS_ACCESS_KEY_ID: 'volumes-only', AWS_SECRET_ACCESS_KEY: 'planted-volumes-secret' };
const messages = 20;
const octets = { d1: 103, d2: 104, d3: 109 };

interface Restored {
  readonly tookMs: number;
  readonly dataAgeMs: number;
  readonly tokensRotated: boolean;
  readonly newBackup?: string;
}

/** A cluster whose only server is lost, and what its backups make of that. */
describe('a lone server, its backups and their restore', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let bucket: S3Server | undefined;
  let place: string | undefined;
  let volumes: S3Server | undefined;
  /** What the hosts' pods ask the bucket of the volumes passes by. */
  let passed: Counted | undefined;
  let volumesAt = '';
  let files = '';
  let first = '';
  let ofTheBucket = '';

  beforeAll(async () => {
    hosts = await createHosts(octets);
    bucket = await versitygw();
    if (!bucket) return;
    place = `s3://${await bucket.bucket()}/backups`;
    volumes = (await versitygw(undefined, volumesKey))!;
    passed = await countedS3(volumes.endpoint);
    const gateway = hosts.get('d1')!.address.replace(/\.\d+$/, '.1');
    volumesAt = `s3://${await volumes.bucket()}/copies?endpoint=http://${gateway}:${passed.port}`;
    Object.assign(slipway.env, bucket.env, {
      SLIPWAY_VOLUMES_ACCESS_KEY_ID: volumesKey.AWS_ACCESS_KEY_ID,
      SLIPWAY_VOLUMES_SECRET_ACCESS_KEY: volumesKey.AWS_SECRET_ACCESS_KEY,
    });
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    await passed?.close();
    await volumes?.close();
    await bucket?.close();
    slipway.close();
  });

  const write = (name: string, to: string | undefined): void =>
    slipway.write(
      ringFile('lone', [listed(hosts.get(name)!, { type: 'server' })], {
        controlPlane: { count: 1, type: 'server' },
        ...(to === undefined
          ? {}
          : { backup: { to, volumes: { to: volumesAt, claims: [{ namespace: 'default' }] }, streams: ['ORDERS'] } }),
      }),
    );
  const put = async (name: string): Promise<void> =>
    ensure(await slipway.api('lone'), configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { it: 'is' },
    });
  const kept = async (): Promise<readonly string[]> =>
    (await list<Named>(await slipway.api('lone'), configMaps))
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith('of-'))
      .sort();
  const backUp = async (): Promise<string> => {
    const { out, ms } = await slipway.done(['backup', 'create', 'lone', '--json']);
    const { id, manifest } = JSON.parse(out) as { id: string; manifest: { snapshot: Record<string, number> } };
    took('a backup of a lone server', ms);
    noted(`${(manifest.snapshot['packedBytes']! / 2 ** 20).toFixed(1)} MiB`, 'of which are kept, packed');
    const verified = await slipway.done(['backup', 'verify', 'lone', '--id', id]);
    expect(verified.out).toContain('The token opens it.');
    return id;
  };
  const restore = async (...args: string[]): Promise<Restored> => {
    const watch = stopwatch();
    const { out, err } = await slipway.done(['cluster', 'restore', 'lone', '--yes', '--json', ...args]);
    took('restore: from the command to its end, with a new backup', watch());
    const result = JSON.parse(out) as Restored;
    took('restore: until its last step', result.tookMs);
    expect(result.newBackup, err).toBeDefined();
    expect(result.tokensRotated, err).toBe(true);
    return result;
  };

  step('is created, and backed up to a folder and, where there is one, to a bucket', 10, async () => {
    write('d1', undefined);
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
    await put('of-before');
    first = await backUp();
    if (place === undefined) return;
    write('d1', place);
    await put('of-the-bucket');
    const api = await slipway.api('lone');
    await data.importImages('d1');
    await data.offerVolume(api, 'd1', 'data-1');
    await data.writeFiles('d1', 'data-1');
    await data.runKeepers(api);
    await data.keepersRun(api);
    await data.fillStream(hosts.get('d1')!, messages);
    files = await data.filesOf('d1', 'data-1');
    const before = passed!.writes(hosts.get('d1')!.address).length;
    ofTheBucket = await backUp();
    const { out } = await slipway.done(['backup', 'verify', 'lone', '--id', ofTheBucket]);
    expect(out).toContain('volume of default/data: 2 files');
    expect(out).toContain(`stream ORDERS: ${messages} messages`);
    // It was the pod on the host that wrote there.
    expect(passed!.writes(hosts.get('d1')!.address).length).toBeGreaterThan(before);
  });

  step('is not restored while it runs', 2, async () => {
    const { code, err } = await slipway.run(['cluster', 'restore', 'lone', '--yes']);
    expect(code).toBe(3);
    expect(err).toContain('CLUSTER_ALIVE');
  });

  step('comes back on a fresh machine, with one command, after its own was destroyed', 6, async () => {
    await destroyHosts('d1');
    write('d2', place);
    const { tookMs } = await restore();
    expect(tookMs).toBeLessThan(slack * 180_000);
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
    expect(await kept()).toEqual(place === undefined ? ['of-before'] : ['of-before', 'of-the-bucket']);
    await writes(await slipway.api('lone'), 'after-the-restore');
    // The host that is gone is still to be forgotten.
    await slipway.done(['cluster', 'apply', 'lone', '-f', slipway.file, '--yes']);
    await slipway.done(['cluster', 'plan', 'lone', '-f', slipway.file, '--detailed-exitcode']);
  });

  step(
    'proves the copies of its volume and stream by a drill, and has the files and messages back on it',
    6,
    async () => {
      if (place === undefined) return;
      const api = await slipway.api('lone');
      await data.importImages('d2');
      await data.offerVolume(api, 'd2', 'data-2');
      await data.scaleKeeper(api, 0);
      await data.natsRuns(api);
      // The cluster itself was proven just now: what is left are the copies, in pods of a moment.
      const written = passed!.writes(hosts.get('d2')!.address).length;
      const drill = await slipway.done(['backup', 'drill', 'lone', '--due', '--from', ofTheBucket]);
      took('a drill of a volume and a stream: from the command to its end', drill.ms);
      expect(drill.out).toMatch(/The volume of default\/data can be brought back from \S+: 2 files, took/);
      expect(drill.out).toMatch(
        new RegExp(`The stream ORDERS can be brought back from \\S+: ${messages} messages, took`),
      );
      expect(passed!.writes(hosts.get('d2')!.address)).toHaveLength(written);
      expect(await data.streamsOf(hosts.get('d2')!)).toEqual([]);
      await eventually('the pods of the drill are gone', 30, async () => {
        const all = await list<Named>(api, '/api/v1/namespaces/kube-system/pods');
        return all.every(({ metadata }) => !metadata.name.startsWith('slipway-'));
      });
      // From what the cluster was restored from: what was made since has no copies of either.
      const brought = await slipway.done(['backup', 'restore-volumes', 'lone', '--yes']);
      took('the files of a volume: from the command until they are back', brought.ms);
      expect(brought.out).toContain(ofTheBucket);
      expect(await data.filesOf('d2', 'data-2')).toBe(files);
      await data.scaleKeeper(api, 1);
      const streams = await slipway.done(['backup', 'restore-streams', 'lone']);
      took('a stream: from the command until it is back', streams.ms);
      expect(streams.out).toContain(`ORDERS: ${messages} messages restored from ${ofTheBucket}`);
      expect(await data.messageOf(hosts.get('d2')!, messages)).toBe(`order ${messages}`);
    },
  );

  step('goes back to an older backup on the machine that it has', 6, async () => {
    await put('of-after');
    await ssh('d2', 'systemctl stop k3s');
    write('d2', undefined);
    await restore('--from', first);
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
    expect(await kept()).toEqual(['of-before']);
    expect(await ssh('d2', 'ls /var/lib/rancher/k3s')).toContain('server.before-');
    await slipway.done(['cluster', 'plan', 'lone', '-f', slipway.file, '--detailed-exitcode']);
  });

  step('goes back where k3s was given its token as a flag, by hand, and its node password is gone', 6, async () => {
    if (place === undefined) return;
    // As k3s's own guide has it: the configuration does not name the token, the command does.
    const reset = await ssh(
      'd2',
      `set -eu; cd /etc/rancher/k3s; token=$(sed -n 's/^token: "\\(.*\\)"$/\\1/p' config.yaml)
       k3s etcd-snapshot save --name by-hand >/dev/null 2>&1; systemctl stop k3s; sed -i '/^token:/d' config.yaml
       k3s server --cluster-reset --token="$token" \
         --cluster-reset-restore-path="$(ls /var/lib/rancher/k3s/server/db/snapshots/by-hand*)" 2>&1 | grep -E 'membership has been reset|level=(fatal|error)' || true
       rm -f /etc/rancher/node/password`,
    );
    expect(reset).toContain('membership has been reset');
    write('d2', place);
    await restore('--from', ofTheBucket);
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
    expect(await kept()).toEqual(['of-before', 'of-the-bucket']);
    await writes(await slipway.api('lone'), 'after-the-flag');
  });

  step(
    'comes back on a fresh machine that has a node password of before, from a file, with a token of a flag',
    6,
    async () => {
      const password = await ssh('d2', 'cat /etc/rancher/node/password');
      await ssh('d3', 'mkdir -p /etc/rancher/node; umask 077; cat >/etc/rancher/node/password', password);
      // The server has its token from a flag alone when it is backed up.
      await ssh(
        'd2',
        `set -eu; cd /etc/rancher/k3s; token=$(sed -n 's/^token: "\\(.*\\)"$/\\1/p' config.yaml); sed -i '/^token:/d' config.yaml
       mkdir -p /etc/systemd/system/k3s.service.d; umask 077
       start=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/k3s.service)
       printf '[Service]\\nExecStart=\\nExecStart=%s --token=%s\\n' "$start" "$token" >/etc/systemd/system/k3s.service.d/token.conf
       systemctl daemon-reload; systemctl restart k3s; tr '\\0' ' ' </proc/"$(systemctl show -P MainPID k3s)"/cmdline | grep -q k3s`,
      );
      await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
      await put('of-the-flag');
      write('d2', undefined);
      const ofTheFlag = await backUp();
      await destroyHosts('d2');
      write('d3', undefined);
      await restore('--from', ofTheFlag);
      await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
      expect(await kept()).toEqual(
        [...(place === undefined ? [] : ['of-the-bucket']), 'of-before', 'of-the-flag'].sort(),
      );
      await writes(await slipway.api('lone'), 'on-the-third');
    },
  );
});
