import { type TaskContext, TaskFailure } from '../task-runner.js';
import { unborn } from '../../k3s/server-files.js';
import type { UnitName } from '../units.js';
import { installedVersion, k3sUnit, paths, sha256 } from './common.js';
import { holdOf } from './hold-address.js';

const unitOf = { server: 'k3s', agent: 'k3s-agent' } as const satisfies Record<string, UnitName>;

export async function serverInfo({ machine, fact, until, deadlineMs }: TaskContext): Promise<void> {
  const { files } = machine;
  const desired = [`${paths.server}/token`, `${paths.server}/agent-token`, paths.kubeconfig];
  const missing = (): string | undefined => desired.find((path) => (files.find(path)?.size ?? 0) === 0);
  const complete = await until(() => (missing() === undefined ? true : undefined), deadlineMs - 5_000);
  if (!complete) {
    throw new TaskFailure(
      'NOT_A_SERVER',
      `${missing() ?? ''} is missing: k3s does not run as a server here, or has not come that far`,
    );
  }
  await machine.wait(machine.context.profile().smallTaskMs);
  const [token, agentToken, kubeconfig] = desired.map((path) => files.text(path));
  fact('server_token', token!.trim());
  fact('agent_token', agentToken!.trim());
  fact('kubeconfig', Buffer.from(kubeconfig!).toString('base64'));
}

export async function stopK3s({ machine, need, fact }: TaskContext): Promise<void> {
  need('KILL_PODS');
  const was = k3sUnit(machine);
  await machine.wait(machine.context.profile().smallTaskMs);
  if (was !== 'none') {
    machine.enableUnit(unitOf[was], false);
    machine.stopUnit(unitOf[was]);
    if (machine.files.exists(paths.started)) machine.files.remove(paths.started);
  }
  fact('was', was);
}

export async function forgetEtcd({ machine, fact }: TaskContext): Promise<void> {
  const { files, units } = machine;
  if (units.get('k3s')?.state === 'active' && !files.exists(paths.tombstone))
    throw new TaskFailure('STILL_A_MEMBER', 'k3s.service is well, so that its etcd data are needed');
  await machine.wait(machine.context.profile().smallTaskMs);
  const data = `${paths.server}/db`;
  const changed = files.exists(`${data}/etcd`);
  if (changed) {
    machine.stopUnit('k3s');
    if (files.exists(paths.started)) files.remove(paths.started);
    files.removeTree(`${data}.taken-out`);
    files.rename(data, `${data}.taken-out`);
  }
  fact('changed', changed);
}

export async function beginAnew({ machine, fact, say }: TaskContext): Promise<void> {
  const { files, units } = machine;
  const data = `${paths.server}/db`;
  const changed = files.exists(data);
  if (changed) {
    if (units.get('k3s')?.state === 'active')
      throw new TaskFailure('HOLDS_DATA', 'k3s.service is well, so that its etcd data are needed');
    const keep = (why: string): never => {
      throw new TaskFailure('HOLDS_DATA', `the files of etcd in ${data}/etcd are left alone: ${why}`);
    };
    const config = files.exists(paths.config) ? files.text(paths.config) : '';
    if (!/^cluster-init: true/m.test(config) || /^server:/m.test(config))
      keep('this server is not the one that starts the cluster');
    if (files.exists(`${data}.taken-out`)) keep(`${data}.taken-out tells of a cluster that ran`);
    if (files.exists(paths.tombstone)) keep(`${paths.tombstone} tells of a cluster that ran`);
    if (files.text(`${data}/etcd/member`).trim() !== unborn) keep('Kubernetes has written to it');
    await machine.wait(machine.context.profile().smallTaskMs);
    machine.stopUnit('k3s');
    if (files.exists(paths.started)) files.remove(paths.started);
    const aside = `${paths.server}/never-began/${machine.context.clock.now()}`;
    say(`putting the files of etcd aside, in ${aside}`);
    files.mkdirs(aside);
    files.rename(data, `${aside}/db`);
  }
  fact('changed', changed);
}

export async function observe({ machine, fact }: TaskContext): Promise<void> {
  await machine.wait(machine.context.profile().smallTaskMs);
  const unit = k3sUnit(machine);
  const known = unit === 'none' ? undefined : machine.units.get(unitOf[unit]);
  fact('k3s_version', installedVersion(machine));
  fact('unit', unit);
  fact('active', known?.state === 'active');
  fact('enabled', known?.enabled ?? false);
  fact('config_sha256', sha256(machine.files, paths.config));
  fact('boot_id', machine.bootId);
  fact('etcd_data', machine.files.exists(`${paths.server}/db/etcd`) && !machine.files.exists(paths.tombstone));
  fact('api_hold', holdOf(machine));
}
