export interface KnownWords {
  /** With colons: `cluster:create`. */
  readonly commands: readonly string[];
  readonly topics: readonly string[];
}

/** What was typed for a command and is none: words whose help is asked for, or a topic with flags; else undefined. */
export function unknownWords(args: readonly string[], { commands, topics }: KnownWords): readonly string[] | undefined {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const firstFlag = own.findIndex((word) => word.startsWith('-'));
  const names = firstFlag === -1 ? own : own.slice(0, firstFlag);
  if (names.length === 0 || names[0] === 'help') return undefined;
  const typed = names.join(':');
  const isTopic = topics.includes(typed);
  if (own.includes('--help') || own.includes('-h'))
    return isTopic || names.some((_, index) => commands.includes(names.slice(0, index + 1).join(':')))
      ? undefined
      : names;
  return isTopic && !commands.includes(typed) && firstFlag !== -1 ? own : undefined;
}
