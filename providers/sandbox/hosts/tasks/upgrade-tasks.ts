import { etcdIn } from '../../k3s/etcd-versions.js';
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

export async function readUpdates({ machine, fact }: TaskContext): Promise<void> {
  await machine.wait(machine.context.profile().smallTaskMs);
  const waiting = machine.traits?.waitsForReboot;
  fact('boot_id', machine.bootId);
  fact('reboot_required', waiting !== undefined);
  fact('packages', waiting ?? '');
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
