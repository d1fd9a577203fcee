/**
 * How a host task travels: one POSIX shell text on the standard input of `sh -s`, so that nothing of it, least of all
 * a secret, is ever on a command line. The sandbox reads the same text with `decodeTask`.
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
const fields = [
  'SLIPWAY_TASK',
  'SLIPWAY_ID',
  'SLIPWAY_ATTEMPT',
  'SLIPWAY_DEADLINE',
  'SLIPWAY_ENV',
  'SLIPWAY_SCRIPT',
] as const;
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

/** Reads `NAME='value'` lines as `assignments` writes them, from `start`; stops at the first line of another form. */
function readAssignments(text: string, start = 0): { values: Record<string, string>; end: number } {
  const values: Record<string, string> = {};
  const one = /([A-Z][A-Z0-9_]*)=((?:'[^']*'|\\')+)\n/y;
  let end = start;
  for (;;) {
    one.lastIndex = end;
    const match = one.exec(text);
    if (!match) return { values, end };
    values[match[1]!] = match[2]!
      .replaceAll(String.raw`'\''`, '\u0000')
      .replaceAll("'", '')
      .replaceAll('\u0000', "'");
    end = one.lastIndex;
  }
}

/** @param runner text of templates/host/lib/runner.sh */
export function encodeTask(task: WireTask, runner: string): string {
  for (const name of Object.keys(task.params)) {
    if (!paramName.test(name)) throw new RangeError(`${name} is no name for a parameter of a host task`);
  }
  const head: Record<(typeof fields)[number], string> = {
    SLIPWAY_TASK: task.name,
    SLIPWAY_ID: task.id,
    SLIPWAY_ATTEMPT: task.attempt,
    SLIPWAY_DEADLINE: String(task.deadlineSeconds),
    SLIPWAY_ENV: assignments(task.params),
    SLIPWAY_SCRIPT: task.script,
  };
  return `${header}\n${assignments(head)}${runner}`;
}

/** The task and the runner in a text made by `encodeTask`; undefined when the text is anything else. */
export function decodeTask(text: string): { task: WireTask; runner: string } | undefined {
  if (!text.startsWith(`${header}\n`)) return undefined;
  const { values, end } = readAssignments(text, header.length + 1);
  if (fields.some((field) => values[field] === undefined)) return undefined;
  const params = readAssignments(values.SLIPWAY_ENV!);
  if (params.end !== values.SLIPWAY_ENV!.length) return undefined;
  return {
    task: {
      name: values.SLIPWAY_TASK!,
      id: values.SLIPWAY_ID!,
      attempt: values.SLIPWAY_ATTEMPT!,
      deadlineSeconds: Number(values.SLIPWAY_DEADLINE),
      params: params.values,
      script: values.SLIPWAY_SCRIPT!,
    },
    runner: text.slice(end),
  };
}
