/** What completion takes of a command, as oclif's manifest has it. */
export interface CompletableCommand {
  /** `cluster:create` */
  readonly id: string;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
  /** Whether it takes no more arguments than it names. */
  readonly strict?: boolean | undefined;
  readonly flags: Readonly<Record<string, CompletableFlag>>;
  readonly args: Readonly<Record<string, CompletableArgument>>;
}

interface CompletableFlag {
  readonly name: string;
  readonly char?: string | undefined;
  readonly type: 'boolean' | 'option';
  readonly options?: readonly string[] | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
}

interface CompletableArgument {
  readonly name: string;
  readonly options?: readonly string[] | undefined;
}

export interface CompletableTopic {
  readonly name: string;
  readonly description?: string | undefined;
}

/** One thing that may follow a command's words. */
export interface Row {
  /** `word`: a topic or command; `flag`; `argument`: the name is its place, or `*` for all that follow. */
  readonly kind: 'word' | 'flag' | 'argument';
  readonly name: string;
  /** Words to choose from, `@cluster`, `@file`, `@any` for what nobody can guess; empty: a flag without a value. */
  readonly value: string;
  readonly text: string;
}

/** Rows by what was typed before, without the program's name: the empty text, `cluster`, `cluster create`. */
export type CompletionTable = ReadonlyMap<string, readonly Row[]>;

const files = new Set(['file', 'folder', 'out', 'from', 'binary', 'images', 'registries']);
const clusters = new Set(['cluster', 'confirm']);

/** What may be typed after what. Pure. */
export function completionTable(
  commands: readonly CompletableCommand[],
  topics: readonly CompletableTopic[],
): CompletionTable {
  const table = new Map<string, Row[]>([['', []]]);
  const add = (typed: string, row: Row): void => {
    const rows = table.get(typed) ?? [];
    if (!rows.some(({ kind, name }) => kind === row.kind && name === row.name)) rows.push(row);
    table.set(typed, rows);
  };
  const visible = commands.filter(({ hidden }) => !hidden).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const command of visible) {
    const words = command.id.split(':');
    for (const [index, word] of words.entries()) {
      const topic = topics.find(({ name }) => name === words.slice(0, index + 1).join(':'));
      const text = index === words.length - 1 ? (command.summary ?? command.description) : topic?.description;
      add(words.slice(0, index).join(' '), { kind: 'word', name: word, value: '', text: oneLine(text) });
    }
    for (const row of [...flagRows(command), ...argumentRows(command)]) add(words.join(' '), row);
  }
  return table;
}

function flagRows({ flags }: CompletableCommand): Row[] {
  const rows = Object.values(flags)
    .filter(({ hidden }) => !hidden)
    .flatMap(({ name, char, type, options, summary, description }): Row[] => {
      const value = type === 'boolean' ? '' : valueOf(name, options);
      const text = oneLine(summary ?? description);
      const long: Row = { kind: 'flag', name: `--${name}`, value, text };
      return char === undefined ? [long] : [long, { ...long, name: `-${char}` }];
    });
  return [...rows, { kind: 'flag', name: '--help', value: '', text: 'Show help.' }];
}

function argumentRows({ id, args, strict }: CompletableCommand): Row[] {
  const names = Object.values(args);
  const rows = names.map(({ name, options }, index): Row => {
    // Commands about one cluster call it by what it is to them: a name.
    const value = id.startsWith('cluster:') && name === 'name' ? '@cluster' : valueOf(name, options);
    return { kind: 'argument', name: String(index + 1), value, text: '' };
  });
  return strict === false ? [...rows, { kind: 'argument', name: '*', value: '@any', text: '' }] : rows;
}

const valueOf = (name: string, options: readonly string[] | undefined): string =>
  options ? options.join(' ') : clusters.has(name) ? '@cluster' : files.has(name) ? '@file' : '@any';

/** The first sentence, without what separates columns. */
const oneLine = (text: string | undefined): string => (text ?? '').split('\n')[0]!.replaceAll('|', '/').trim();
