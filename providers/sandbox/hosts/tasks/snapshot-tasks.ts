import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { FileSystem } from '../file-system.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { installedVersion, k3sUnit, paths, sha256, writeFile } from './common.js';
import { incoming } from './put-k3s-files.js';

const outgoing = '/var/lib/slipway/outgoing';

export async function snapshotEtcd({ machine, need, param, say, fact }: TaskContext): Promise<void> {
  const name = need('NAME');
  const owner = param('OWNER');
  const { files } = machine;
  say('taking a snapshot of etcd');
  await machine.wait(machine.context.profile().smallTaskMs);
  const snapshot = machine.context.behaviour.snapshots.take(machine);
  if (!snapshot)
    throw new TaskFailure(
      'SNAPSHOT_FAILED',
      'k3s could not take a snapshot of etcd: level=fatal msg="see server log for details: Internal error occurred"',
    );
  const seconds = Math.floor(machine.context.clock.now() / 1000);
  const path = posix.join(paths.server, 'db/snapshots', `${name}-${machine.hostname}-${seconds}`);
  if (owner === '') {
    files.mkdirs(posix.dirname(path));
    files.write(path, snapshot, { mode: 0o600 });
  } else {
    say('packing it');
    files.mkdirs(outgoing);
    for (const folder of [posix.dirname(outgoing), outgoing]) files.setAttributes(folder, { mode: 0o711 });
    const packed = `${outgoing}/${name}.gz`;
    files.write(packed, gzipSync(snapshot), { mode: 0o600, owner });
    fact('packed', packed);
    fact('sha256', createHash('sha256').update(snapshot).digest('hex'));
    fact('k3s_version', installedVersion(machine));
  }
  fact('snapshot', path);
  fact('size', snapshot.length);
  fact('pruned', param('PRUNE') === '' ? 0 : prune(files, posix.dirname(path), param('PRUNE')));
}

/** Of each of the three newest releases the first and the last snapshot stay. @returns how many went */
function prune(files: FileSystem, folder: string, kind: string): number {
  const byRelease = new Map<string, string[]>();
  const secondsOf = (name: string): number => Number(name.split('-').at(-1));
  const names = files.list(folder).filter((name) => name.startsWith(kind));
  for (const name of names.sort((a, b) => secondsOf(a) - secondsOf(b))) {
    const release = /^v[0-9.]+-[^-]*/.exec(name.slice(kind.length))?.[0] ?? '';
    const older = byRelease.get(release) ?? [];
    byRelease.delete(release);
    byRelease.set(release, [...older, name]);
  }
  const kept = new Set([...byRelease.values()].slice(-3).flatMap((those) => [those[0], those.at(-1)]));
  const gone = names.filter((name) => !kept.has(name));
  for (const name of gone) files.remove(posix.join(folder, name));
  return gone.length;
}

const restored = '/var/lib/slipway/restored';
const restoring = '/var/lib/slipway/restoring';

export async function restoreEtcd({ machine, need, say, fact, complain }: TaskContext): Promise<void> {
  const [restore, sum, config, owner] = ['RESTORE', 'SHA256', 'CONFIG', 'OWNER'].map(need) as [
    string,
    string,
    string,
    string,
  ];
  const { files, context } = machine;
  const packed = `${incoming}/snapshot.gz`;
  await machine.wait(context.profile().smallTaskMs);
  const answer = (isRestored: boolean, changed: boolean): void => {
    fact('folder', incoming);
    fact('restored', isRestored);
    fact('changed', changed);
  };
  if (files.exists(restored) && files.text(restored) === restore) return answer(true, false);
  if (installedVersion(machine) === '') throw new TaskFailure('K3S_MISSING', 'k3s is not installed here');
  if (k3sUnit(machine) === 'agent')
    throw new TaskFailure('ROLE_CONFLICT', "this machine already runs k3s as agent; it can't become server");
  if (sha256(files, packed) !== sum) {
    files.mkdirs(incoming);
    files.setAttributes(posix.dirname(incoming), { mode: 0o711 });
    files.setAttributes(incoming, { mode: 0o700, owner });
    return answer(false, false);
  }
  if (k3sUnit(machine) === 'server') {
    say('stopping k3s.service');
    machine.stopUnit('k3s');
    if (files.exists(paths.started)) files.remove(paths.started);
  }
  if (files.exists(restoring) && files.text(restoring) === restore) files.removeTree(paths.server);
  else {
    const aside = `${paths.server}.before-${restore}`;
    if (files.exists(paths.server)) {
      say(`putting what was there aside, in ${aside}`);
      files.removeTree(aside);
      files.rename(paths.server, aside);
    }
    writeFile(files, restoring, restore, 0o600);
  }
  files.mkdirs(`${paths.server}/db/etcd`);
  writeFile(files, paths.config, config, 0o600);
  say('making etcd from the snapshot');
  await machine.wait(context.profile().firstServerMs / 2);
  try {
    context.behaviour.snapshots.restore(machine, gunzipSync(files.read(packed)));
  } catch (error) {
    const line = error instanceof Error ? error.message : String(error);
    complain(`level=fatal msg="${line}"`);
    if (/different token/.test(line)) throw new TaskFailure('BAD_TOKEN', 'the snapshot was taken with another token');
    if (/hash/.test(line)) throw new TaskFailure('SNAPSHOT_BAD', 'etcd says that the snapshot is not whole');
    throw new TaskFailure('RESTORE_FAILED', `k3s could not make etcd from the snapshot: level=fatal msg="${line}"`);
  }
  writeFile(files, restored, restore, 0o600);
  fact('pruned', pruneAside(files, restore).join(' '));
  files.removeTree(incoming);
  files.remove(restoring);
  answer(true, true);
}

/** Of what restores put aside the last one stays. @returns what went */
function pruneAside(files: FileSystem, restore: string): readonly string[] {
  const own = `${paths.server}.before-${restore}`;
  if (!files.exists(own)) return [];
  const folder = posix.dirname(own);
  const gone = files
    .list(folder)
    .map((name) => posix.join(folder, name))
    .filter((path) => path.startsWith(`${paths.server}.before-`) && path !== own);
  for (const path of gone) files.removeTree(path);
  return gone;
}

export async function renewNodes({ machine, need, say, fact, until, deadlineMs }: TaskContext): Promise<void> {
  const own = need('OWN');
  const keep = need('KEEP').split(' ');
  const { behaviour, profile } = machine.context;
  const serves = await until(() => behaviour.etcd(machine), deadlineMs - 5_000);
  if (!serves) throw new TaskFailure('API_NOT_READY', 'the API of this server does not answer');
  await machine.wait(profile().smallTaskMs);
  const { removed, waiting, anew } = behaviour.snapshots.renewNodes(machine, { own, keep });
  if (anew && machine.files.exists(paths.started)) machine.files.remove(paths.started);
  if (removed.length > 0) say(`removing the nodes of then: ${removed.join(' ')}`);
  fact('removed', removed.join(' '));
  fact('waiting', waiting.join(' '));
  fact('anew', String(anew));
}
