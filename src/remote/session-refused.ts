import { IncompleteError } from '../errors/index.js';
import { TaskFailedError } from './task-errors.js';
import type { TaskOutput } from './task-output.js';
import type { HostTarget } from './types.js';

/** Why sudo runs nothing for a user, by what it says, and what its owner allows it with. */
const sudoRefusals: readonly (readonly [RegExp, string, (machine: string, user: string) => string])[] = [
  [
    /must have a tty/,
    'its sudo wants a terminal (requiretty)',
    (machine, user) => `Allow it on ${machine}, in /etc/sudoers.d/slipway: \`Defaults:${user} !requiretty\`.`,
  ],
  [
    /password is required|terminal is required|authentication is required/,
    'its user may not become root without a password',
    allowSudo,
  ],
  [/not in the sudoers|may not run sudo|not allowed to (execute|run)/, 'its user may not use sudo', allowSudo],
  [/sudo: .*not found|No such file/, 'it has no sudo', (machine) => `Install sudo on ${machine}, or log in as root.`],
];

function allowSudo(machine: string, user: string): string {
  return `Allow it on ${machine}, in /etc/sudoers.d/slipway: \`${user} ALL=(ALL) NOPASSWD:ALL\`, or log in as root.`;
}

/** Lines of a shell that was ended from outside; they are no answer of the host's. */
const dying = /^(.*\b)?(terminated|killed|hangup)\b.*$/i;

/** Whether the host said why it ended the session. */
export const saidWhy = (output: TaskOutput): boolean => output.lastLines.some((line) => !dying.test(line));

/** The host let us in, and ended the session before our text ran. */
export function sessionRefused(
  { name, address, port, user, owned }: HostTarget,
  task: string,
  output: TaskOutput,
  code: number | undefined,
): IncompleteError {
  const details = [...output.lastLines];
  if (details.some((line) => /\bsudo\b/.test(line))) {
    const known = sudoRefusals.find(([pattern]) => details.some((line) => pattern.test(line)));
    const [, reason, hint] = known ?? [undefined, `sudo refuses: ${details.at(-1)}`, allowSudo];
    return new TaskFailedError(name, task, undefined, `${name}: ${task} failed: ${reason}.`, {
      code: 'TASK_FAILED',
      hint: hint(name, user),
      details,
    });
  }
  const said = details.find((line) => !dying.test(line));
  const ending = code === undefined ? 'refuses to run a command' : `ends with code ${code} before it runs anything`;
  // The way of many images to say so, where they let nobody in as root.
  const other = /login as the user "?([a-z_][-a-z0-9_]*)"?/i.exec(details.join(' '))?.[1];
  const as = other === undefined ? 'a user that may run commands' : other;
  return new IncompleteError(
    `${name} (${address}:${port}) lets ${user} in, but the session ${ending}${said ? `: ${said}` : ''}`.replace(
      /\.?$/,
      '.',
    ),
    {
      code: 'SSH_COMMAND_REFUSED',
      hint: owned
        ? `Log in as ${as} (\`user\` of the host in the cluster file), or take the forced command out of ~/.ssh/authorized_keys and sshd_config there.`
        : 'Use a system image that lets root run commands over SSH, and delete the machine: a new one takes its place.',
      details: details.length > 1 ? details : [],
    },
  );
}
