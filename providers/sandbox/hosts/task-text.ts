/** How tasks come to a host: shell text on the standard input of one of two commands. A real host’s `sh` runs it. */
export const taskCommand = { root: 'sh -s', other: 'sudo -n sh -s' } as const;

export interface WireTask {
  readonly name: string;
  /** 16 hex digits of SHA-256 over name, parameters and script: the same task asked again has the same id. */
  readonly id: string;
  /** The same after a reconnect: its result is asked for, and nothing runs anew. */
  readonly attempt: string;
  readonly deadlineSeconds: number;
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

/** Reads `NAME='value'` lines with POSIX single quotes, from `start`; stops at the first line of another form. */
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

/** The task and the runner in such a text; undefined when the text is anything else. */
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
