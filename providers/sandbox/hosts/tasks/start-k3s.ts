import type { UnitName } from '../units.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { causeIn, isTakenOut } from './k3s-causes.js';
import { installedVersion, k3sUnit, paths, writeFile } from './common.js';
import { keepFormer, startedWith, unitFileOf } from './former-settings.js';

export async function startK3s({ machine, param, need, say, fact, until, complain }: TaskContext): Promise<void> {
  const role = need('ROLE');
  const keep = param('CONFIG') === '' && param('UNIT') === '';
  const config = keep ? '' : need('CONFIG');
  const text = keep ? '' : need('UNIT');
  const waitMs = Number(need('WAIT_SECONDS')) * 1000;
  const { files, units } = machine;
  if (installedVersion(machine) === '') throw new TaskFailure('K3S_MISSING', 'k3s is not installed here');
  const other = k3sUnit(machine);
  if (other !== 'none' && other !== role) {
    throw new TaskFailure('ROLE_CONFLICT', `this machine already runs k3s as ${other}; it can't become ${role}`);
  }
  const unit: UnitName = role === 'server' ? 'k3s' : 'k3s-agent';
  const unitFile = unitFileOf(unit);
  if (keep) {
    if (other === 'none' || !files.exists(paths.config))
      throw new TaskFailure('K3S_MISSING', `k3s was never started here as ${role}`);
  } else {
    keepFormer(machine, unit, config, text);
    writeFile(files, paths.config, `${config}\n`, 0o600);
    writeFile(files, unitFile, `${text}\n`, 0o644);
  }
  units.define(unit);
  machine.enableUnit(unit, true);

  const desired = startedWith(files, unitFile);
  const state = units.get(unit)?.state;
  const running = state === 'active' || state === 'activating';
  const asDesired = files.exists(paths.started) && files.text(paths.started) === desired;
  const began = machine.context.clock.now();
  const restarted = !running || !asDesired;
  // One that is on its way with what is desired is left to it.
  if (restarted) {
    if (machine.traits?.noSystemd) throw new TaskFailure('UNIT_FAILED', 'System has not been booted with systemd');
    if (files.exists(paths.started)) files.remove(paths.started);
    say(`${running ? 'restart' : 'start'}ing ${unit}.service`);
    if (running) machine.stopUnit(unit);
    machine.startUnit(unit);
    writeFile(files, paths.started, desired, 0o600);
  } else if (state === 'active') {
    await machine.wait(machine.context.profile().smallTaskMs);
  }

  const outcome = await until(() => {
    const buried = role === 'server' && files.exists(paths.tombstone);
    if (units.get(unit)?.state === 'active' && !buried) return 'active';
    if (buried || (role === 'server' && isTakenOut(units.ofThisStart(unit)))) return 'taken out';
    const hopeless = (units.get(unit)?.restarts ?? 0) >= 2 && causeIn(units.since(unit, began))?.final;
    return hopeless ? 'hopeless' : undefined;
  }, waitMs);
  if (outcome !== 'active') {
    const lines = units.since(unit, began);
    const cause = causeIn(lines);
    for (const line of lines.slice(-20)) complain(line);
    fact('active', false);
    fact('changed', restarted);
    if (outcome === 'taken out') {
      throw new TaskFailure(
        'NOT_A_MEMBER',
        `${unit}.service does not start: the cluster took this server out of etcd, and its old data keep it from joining again`,
      );
    }
    throw outcome === 'hopeless'
      ? new TaskFailure(cause?.code ?? 'UNIT_FAILED', `${unit}.service does not start: ${cause?.text ?? ''}`)
      : new TaskFailure(
          cause?.code ?? 'START_TIMEOUT',
          `${unit}.service was not ready after ${need('WAIT_SECONDS')} s: ${cause?.text ?? 'its journal names no known cause'}`,
        );
  }
  fact('active', true);
  fact('changed', restarted);
}
