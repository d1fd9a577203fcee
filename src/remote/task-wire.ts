/**
 * How a host task travels: one POSIX shell text on the standard input of `sh -s`, so that nothing of it, least of all
 * a secret, is ever on a command line.
 */

/** The only commands Slipway ever asks a host to execute for a task. */
export const taskCommand = { root: 'sh -s', other: 'sudo -n sh -s' } as const;

export interface WireTask {
  readonly name: string;
  /** 16 hex digits of SHA-256 over name, parameters and script: the same task asked again has the same id. */
  readonly id: string;
  /** Random per `Session.run`: a reconnect asks for the result of this attempt, a new run runs anew. */
  readonly attempt: string;
  readonly deadlineSeconds: number;
  /** Parameter values, secrets revealed. */
  readonly params: Readonly<Record<string, string>>;
  /** lib/common.sh followed by the task's own script. */
  readonly script: string;
}

const header = '# slipway task 1';
const paramName = /^[A-Z][A-Z0-9_]*$/;

/** POSIX single quotes: every byte but NUL stands for itself. */
export function quote(value: string): string {
  if (value.includes('\0')) throw new RangeError('a NUL byte cannot be passed to a host task');
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

function assignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}

/** @param runner text of templates/host/lib/runner.sh */
export function encodeTask(task: WireTask, runner: string): string {
  for (const name of Object.keys(task.params)) {
    if (!paramName.test(name)) throw new RangeError(`${name} is no name for a parameter of a host task`);
  }
  const head = {
    SLIPWAY_TASK: task.name,
    SLIPWAY_ID: task.id,
    SLIPWAY_ATTEMPT: task.attempt,
    SLIPWAY_DEADLINE: String(task.deadlineSeconds),
    SLIPWAY_ENV: assignments(task.params),
    SLIPWAY_SCRIPT: task.script,
  };
  return `${header}\n${assignments(head)}${runner}`;
}
