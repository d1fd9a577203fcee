import { keysMatch } from '../host-key.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { writeFile } from './common.js';

const keyFile = '/etc/ssh/ssh_host_ed25519_key';

export async function replaceHostKey({ machine, need, fact }: TaskContext): Promise<void> {
  const key = `${need('HOST_KEY')}\n`;
  const publicKey = need('HOST_PUBLIC_KEY');
  if (!keysMatch(key, publicKey)) {
    throw new TaskFailure('BAD_HOST_KEY', 'the new host key and its public half do not belong together');
  }
  await machine.wait(machine.context.profile().smallTaskMs);
  const { files } = machine;
  const dropin = `# Written by Slipway: one host key, made on the desk and pinned there.\nHostKey ${keyFile}\nHostKeyAlgorithms ssh-ed25519\n`;
  let changed = writeFile(files, '/etc/ssh/sshd_config.d/00-slipway-host-key.conf', dropin, 0o644);
  changed = writeFile(files, keyFile, key, 0o600) || changed;
  changed = writeFile(files, `${keyFile}.pub`, `${publicKey}\n`, 0o644) || changed;
  fact('changed', changed);
}
