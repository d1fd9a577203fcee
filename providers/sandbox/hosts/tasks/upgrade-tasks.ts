import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { etcdIn } from '../../k3s/etcd-versions.js';
import type { FileSystem } from '../file-system.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { installedVersion, paths, sha256, writeFile } from './common.js';
import { binarySize } from './install-k3s.js';

/** What the k3s of this machine tells of itself, as long as it serves. */
export async function checkServer({ machine, param, need, until, fact }: TaskContext): Promise<void> {
  const waitMs = Number(need('WAIT_SECONDS')) * 1000;
  await machine.wait(machine.context.profile().smallTaskMs);
  const found = await until(() => machine.context.behaviour.etcd(machine), waitMs);
  if (!found)
    throw new TaskFailure(
      'API_NOT_READY',
      `the API of this server is not ready after ${need('WAIT_SECONDS')} s: The connection to the server 127.0.0.1:6443 was refused`,
    );
  fact('etcd_server', etcdIn(found.k3sVersion));
  fact('etcd_cluster', found.clusterVersion);
  fact('holds', param('ADDRESS') !== '' && machine.context.behaviour.addresses.has(machine, param('ADDRESS')));
  fact('requested', param('REQUESTS') === 'true' ? (machine.traits?.deprecatedRequests ?? []).join(' ') : '');
}

export async function snapshotEtcd({ machine, need, param, say, fact }: TaskContext): Promise<void> {
  const name = need('NAME');
  const { files } = machine;
  say('taking a snapshot of etcd');
  await machine.wait(machine.context.profile().smallTaskMs);
  if (!machine.context.behaviour.etcd(machine))
    throw new TaskFailure(
      'SNAPSHOT_FAILED',
      'k3s could not take a snapshot of etcd: level=fatal msg="see server log for details: Internal error occurred"',
    );
  const seconds = Math.floor(machine.context.clock.now() / 1000);
  const path = posix.join(paths.server, 'db/snapshots', `${name}-${machine.hostname}-${seconds}`);
  const pages = Buffer.alloc(1024, name);
  files.mkdirs(posix.dirname(path));
  files.write(path, Buffer.concat([pages, createHash('sha256').update(pages).digest()]), { mode: 0o600 });
  fact('snapshot', path);
  fact('size', files.find(path)!.size);
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

export async function putBackK3s({ machine, need, fact }: TaskContext): Promise<void> {
  const version = need('VERSION');
  const { files } = machine;
  await machine.wait(machine.context.profile().smallTaskMs);
  const changed = installedVersion(machine) !== version;
  if (changed) {
    const record = `${paths.previous}.sha256`;
    const [sum = '', was] = files.exists(record) ? files.text(record).split('\n') : [];
    if (was !== version || sha256(files, paths.previous) !== sum)
      throw new TaskFailure('NO_PREVIOUS', `the binary of k3s ${version} is not on this machine any more`);
    files.writeOpaque(paths.binary, binarySize, sum, { mode: 0o755, program: `k3s ${version}` });
    writeFile(files, paths.binaryRecord, files.text(record), 0o644);
  }
  fact('k3s_version', version);
  fact('changed', changed);
}
