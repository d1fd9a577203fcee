import type { TaskContext } from '../task-runner.js';
import { writeFile } from './common.js';

const file = '/root/.ssh/authorized_keys';

/** `put-login-key.sh`. */
export async function putLoginKey({ machine, param, need, fact }: TaskContext): Promise<void> {
  const desired = need('KEY');
  const only = need('ONLY') === 'true';
  await machine.wait(machine.context.profile().smallTaskMs);
  const { files } = machine;
  const [, key = '', ...comment] = desired.split(' ');
  const [, former = ''] = param('FORMER').split(' ');
  const before = files.exists(file) ? files.text(file).split('\n').slice(0, -1) : [];
  const stays = (line: string): boolean => {
    if (/^\s*(#|$)/.test(line)) return true;
    const words = line.split(/\s+/).filter(Boolean);
    if (words.includes(key) || !only) return true;
    return !(former !== '' && words.includes(former)) && !(comment.length > 0 && words.at(-1) === comment.join(' '));
  };
  const kept = before.filter(stays);
  const lines = kept.some((line) => line.split(/\s+/).includes(key)) ? kept : [...kept, desired];
  fact('changed', writeFile(files, file, lines.map((line) => `${line}\n`).join(''), 0o600));
}
