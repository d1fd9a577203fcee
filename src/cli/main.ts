import { fileURLToPath } from 'node:url';

import { type Command, Config, flush, handle, type Interfaces, run, settings } from '@oclif/core';

import { printableLines } from '../domain/printable.js';
import { unknownWords } from '../ui/unknown-words.js';

/** The commands of the program, by oclif's ids: `cluster:list`. */
export type CommandTable = Readonly<Record<string, () => Promise<{ readonly default: Command.Class }>>>;

/** Has oclif take its commands from the program itself, which has them all, rather than from files. */
function takeFrom(commands: CommandTable, plugin: Interfaces.Plugin): void {
  plugin.findCommand = async (id: string): Promise<Command.Class> => {
    const command = (await commands[id]!()).default;
    return Object.assign(command, { id, plugin });
  };
}

/**
 * Runs the command that `args` name.
 * @param program file URL of the program that was started, in the package’s `bin`
 * @param options.debug stack traces and warnings, for work on Slipway itself
 */
export async function mainWith(
  commands: CommandTable,
  args: string[],
  program: string,
  { debug = false } = {},
): Promise<void> {
  // Only what was built runs, whatever NODE_ENV says.
  settings.enableAutoTranspile = false;
  if (debug) settings.debug = true;
  try {
    const config = await Config.load(fileURLToPath(program));
    takeFrom(commands, config.plugins.get(config.pjson.name)!);
    const unknown = unknownWords(args, {
      commands: config.commandIDs,
      topics: config.topics.map(({ name }) => name),
    });
    // Help of what does not exist, and flags of a topic, oclif would answer in words of its own.
    if (unknown) await config.runCommand(unknown.join(':'));
    else await run(args, config);
    await flush();
  } catch (error) {
    // What oclif prints by itself goes by the same rule as all else.
    if (error instanceof Error) {
      error.message = printableLines(error.message);
      error.stack = printableLines(error.stack ?? error.message);
    }
    await handle(error as Error);
  }
}
