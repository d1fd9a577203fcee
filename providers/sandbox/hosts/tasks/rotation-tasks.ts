import { dropLeaves, leavesOn } from '../../k3s/leaf-certificates.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { k3sUnit, paths, writeFile } from './common.js';
import { dropFormer } from './former-settings.js';

const rotated = '/var/lib/slipway/certificates.rotated';

export async function readCertificates({ machine, fact }: TaskContext): Promise<void> {
  await machine.wait(machine.context.profile().smallTaskMs);
  const found = [...leavesOn(machine)].map(([path, certificate]) => `${path}=${certificate}`);
  fact('certificates', found.join(' '));
}

export async function rotateCertificates({ machine, need, say, fact }: TaskContext): Promise<void> {
  const role = need('ROLE');
  const rotation = need('ROTATION');
  const { files, units } = machine;
  const unit = role === 'server' ? 'k3s' : 'k3s-agent';
  if (k3sUnit(machine) !== role) throw new TaskFailure('K3S_MISSING', `k3s does not run as ${role} here`);
  const changed = !files.exists(rotated) || files.text(rotated) !== rotation;
  await machine.wait(machine.context.profile().smallTaskMs);
  if (changed) {
    say(`stopping ${unit}.service, and having k3s put its certificates aside`);
    machine.stopUnit(unit);
    dropLeaves(machine, role === 'server' ? 'server' : 'agent');
    writeFile(files, rotated, rotation, 0o600);
  }
  const state = units.get(unit)?.state;
  if (state !== 'active' && state !== 'activating') machine.startUnit(unit);
  fact('changed', changed);
}

export async function putTokens({ machine, need, param, fact }: TaskContext): Promise<void> {
  const token = need('TOKEN');
  const agentToken = param('AGENT_TOKEN');
  const { files } = machine;
  if (!files.exists(paths.config)) throw new TaskFailure('K3S_MISSING', 'k3s was never configured here');
  await machine.wait(machine.context.profile().smallTaskMs);
  const changed = (line: string): string => {
    const [, key = '', prefix = ''] = /^(token|agent-token): "?(K10[0-9a-f]+::[^:]+:)?[^"]*"?$/.exec(line) ?? [];
    const now = key === 'token' ? token : key === 'agent-token' && agentToken !== '' ? agentToken : undefined;
    return now === undefined ? line : `${key}: "${prefix}${now}"`;
  };
  const text = files.text(paths.config).split('\n').map(changed).join('\n');
  fact('changed', writeFile(files, paths.config, text, 0o600));
  dropFormer(files);
}

export async function rotateToken({ machine, need, param, fact }: TaskContext): Promise<void> {
  const token = need('NEW_TOKEN');
  const { files, context } = machine;
  const file = `${paths.server}/token`;
  if (!files.exists(file))
    throw new TaskFailure('NOT_A_SERVER', `${file} is missing: k3s does not run as a server here`);
  await machine.wait(context.profile().smallTaskMs);
  const changed = !files.text(file).trim().endsWith(`:${token}`);
  // Once more only where it has it, which changes nothing here: what is in etcd is what is on the disk.
  if (param('AGAIN') !== '') return fact('changed', !changed);
  if (changed && !context.behaviour.tokens.rotate(machine, token))
    throw new TaskFailure(
      'TOKEN_NOT_ROTATED',
      'k3s did not take the new token: curl: (7) Failed to connect to 127.0.0.1',
    );
  fact('changed', changed);
}
