/** A command with what was typed after its name. */
export interface CommandCall {
  /** With colons: `cluster:list`. */
  readonly id: string;
  readonly argv: readonly string[];
}

/** The command whose name is typed first, in words, and whose help is not asked for; else undefined. */
export function commandCalled(args: readonly string[], known: (id: string) => boolean): CommandCall | undefined {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  if (own.includes('--help') || own.includes('-h')) return undefined;
  const length = [2, 1].find((words) => own.length >= words && known(own.slice(0, words).join(':')));
  if (length === undefined || own.slice(0, length).some((word) => word.includes(':'))) return undefined;
  return { id: own.slice(0, length).join(':'), argv: args.slice(length) };
}

/** Whether the first word after a command's name can be an argument of it, rather than a further word of a name. */
export const takes = (
  { args = {}, strict }: { readonly args?: object; readonly strict?: boolean },
  word: string | undefined,
): boolean =>
  word === undefined || word.startsWith('-') || word.includes('=') || strict === false || Object.keys(args).length > 0;
