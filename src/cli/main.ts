import { type Command, Config, flush, handle, type Interfaces, run, settings } from '@oclif/core';
import { setLogger } from '@oclif/core/logger';

import { printableLines } from '../domain/printable.js';
import { unknownWords } from '../ui/unknown-words.js';
import type { BaseCommand, ProgramConfig } from './base-command.js';
import { commandCalled, takes } from './command-called.js';

/** The commands of the program, by oclif’s ids: `cluster:list`. */
export type CommandTable = Readonly<Record<string, () => CommandClass>>;

interface CommandClass extends Pick<typeof BaseCommand, 'args' | 'strict'> {
  new (argv: string[], config: Interfaces.Config): BaseCommand;
}

export interface MainOptions extends ProgramConfig {
  /** Stack traces and warnings, for work on Slipway itself. */
  readonly debug?: boolean;
}

/**
 * Runs the command that `args` name.
 * @param program path of the program that was started, in the package’s `bin`
 */
export async function mainWith(
  commands: CommandTable,
  args: string[],
  program: string,
  { debug = false, findings }: MainOptions = {},
): Promise<void> {
  try {
    if (debug || !(await runDirectly(commands, args, findings))) await runByOclif(commands, args, program, debug);
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

/** Ask oclif’s configuration for more than their flags. */
const tellOfTheProgram = new Set(['completion', 'version']);

/**
 * Runs a command that is called by its name, without finding out what else there is, which costs oclif as much as a short
 * command in all.
 * @returns false where oclif has to look at what was typed
 */
async function runDirectly(
  commands: CommandTable,
  args: readonly string[],
  findings: string | undefined,
): Promise<boolean> {
  if (process.env['DEBUG']) return false;
  const call = commandCalled(args, (id) => Object.hasOwn(commands, id));
  if (!call || tellOfTheProgram.has(call.id)) return false;
  const command = commands[call.id]!();
  if (!takes(command, call.argv[0])) return false;
  setLogger({ root: '', logger: silentLogger() });
  const { id, argv } = call;
  const config: Interfaces.Config & ProgramConfig = { ...leanConfig, findings };
  await new (Object.assign(command, { id }))([...argv], config).start();
  return true;
}

/** What oclif tells of itself where DEBUG asks for it. */
function silentLogger(): Interfaces.Logger {
  const nothing = (): void => undefined;
  const logger: Interfaces.Logger = {
    child: () => logger,
    namespace: 'oclif',
    ...{ debug: nothing, error: nothing, info: nothing, trace: nothing, warn: nothing },
  };
  return logger;
}

/** What commands ask of oclif’s configuration while they parse and run. */
const leanConfig = {
  bin: 'slipway',
  topicSeparator: ':',
  scopedEnvVar: (name: string) => process.env[`SLIPWAY_${name}`],
  scopedEnvVarKey: (name: string) => `SLIPWAY_${name}`,
  scopedEnvVarKeys: (name: string) => [`SLIPWAY_${name}`],
  runHook: async () => ({ successes: [], failures: [] }),
} as unknown as Interfaces.Config;

async function runByOclif(commands: CommandTable, args: string[], program: string, debug: boolean): Promise<void> {
  // Only what was built runs, whatever NODE_ENV says.
  settings.enableAutoTranspile = false;
  if (debug) settings.debug = true;
  const config = await Config.load(program);
  takeFrom(commands, config.plugins.get(config.pjson.name)!);
  const unknown = unknownWords(args, {
    commands: config.commandIDs,
    topics: config.topics.map(({ name }) => name),
  });
  // Help of what does not exist, and flags of a topic, oclif would answer in words of its own.
  if (unknown) await config.runCommand(unknown.join(':'));
  else await run(args, config);
}

/** Has oclif take its commands from the program itself, which has them all, rather than from files. */
function takeFrom(commands: CommandTable, plugin: Interfaces.Plugin): void {
  plugin.findCommand = async (id: string): Promise<Command.Class> =>
    Object.assign(commands[id]!() as unknown as Command.Class, { id, plugin });
}
