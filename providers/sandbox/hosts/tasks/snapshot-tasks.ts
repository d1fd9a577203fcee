import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { FileSystem } from '../file-system.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { installedVersion, paths } from './common.js';

const outgoing = '/var/lib/slipway/outgoing';

export async function snapshotEtcd({ machine, need, param, say, fact }: TaskContext): Promise<void> {
  const name = need('NAME');
  const owner = param('OWNER');
  const { files } = machine;
  say('taking a snapshot of etcd');
  await machine.wait(machine.context.profile().smallTaskMs);
  const snapshot = machine.context.behaviour.takeSnapshot(machine);
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
