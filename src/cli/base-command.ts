import { isatty } from 'node:tty';

import { Command, Flags } from '@oclif/core';

import { systemClock } from '../domain/clock.js';
import { printableLines } from '../domain/printable.js';
import { exitCodes, InterruptedError, SlipwayError } from '../errors/index.js';
import {
  asTyped,
  colorMarks,
  colorTrouble,
  createReporter,
  errorToJson,
  leaveAtOnce,
  programName,
  renderError,
  takesColor,
  type ProgressMode,
} from '../ui/index.js';
import type { Runtime } from '../runtime/context.js';
import { formatted, outputFlag, outputFormat, prepareOutput } from './output.js';
import { parseError, type ParsedCommand, valueOfSwitch } from './parse-errors.js';

export const yesFlag = Flags.boolean({ char: 'y', description: 'Answer every question with yes.' });

export interface RunFlags {
  readonly progress: string;
  readonly workspace?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly confirm?: string | undefined;
}

/** What is handed to commands with oclif's configuration. */
export interface ProgramConfig {
  /** The file in which this build keeps what it found right; undefined where it keeps nothing. */
  readonly findings?: string | undefined;
}

/** What all commands have in common: `--json`, `-o`, `--progress`, signals, errors and exit codes. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    output: outputFlag,
    progress: Flags.string({
      description: 'How progress is shown on stderr.',
      options: ['auto', 'pretty', 'plain', 'json', 'none'],
      default: 'auto',
      helpGroup: 'GLOBAL',
    }),
    workspace: Flags.string({
      description: 'Where keys and records are kept: a folder, or s3://bucket/prefix.',
      env: 'SLIPWAY_WORKSPACE',
      helpGroup: 'GLOBAL',
    }),
  };

  /** Runs the command from its first word to its exit code. */
  async start(): Promise<void> {
    await this._run();
  }

  /**
   * Runs work with everything it needs. The first Ctrl-C aborts `runtime.signal`, the second leaves at once. What was
   * opened is closed before this returns.
   */
  protected async withRuntime<T>(flags: RunFlags, work: (runtime: Runtime) => Promise<T>): Promise<T> {
    const { createRuntime } = await import('../runtime/context.js');
    const controller = new AbortController();
    const reporter = createReporter({
      mode: flags.progress as ProgressMode,
      stderr: process.stderr,
      // `process.stdin` itself is a stream that is only made where something is read.
      stdin: { isTTY: isatty(0) },
      env: process.env,
      yes: flags.yes ?? false,
      confirmName: flags.confirm,
      clock: systemClock,
    });
    // A drawing takes over what is written to the stream while it lasts; the last word goes past it.
    const screen = { isTTY: process.stderr.isTTY, write: process.stderr.write.bind(process.stderr) };
    const onSignal = (): void => {
      if (controller.signal.aborted) {
        leaveAtOnce(screen, this.asTyped(this.commandLine()));
        process.exit(exitCodes.interrupted);
      }
      reporter.emit({ type: 'interrupting', at: systemClock.now() });
      controller.abort(
        new InterruptedError('Interrupted.', {
          code: 'INTERRUPTED',
          hint: `Run it again to go on from here: ${this.commandLine()}`,
        }),
      );
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    const runtime = await createRuntime({
      reporter,
      signal: controller.signal,
      env: process.env,
      workspace: flags.workspace,
      findings: (this.config as ProgramConfig).findings,
    });
    try {
      return await work(runtime);
    } finally {
      await runtime.dispose();
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  }

  /** The environment, with what a flag says in place of a variable. */
  protected environment({ workspace }: Pick<RunFlags, 'workspace'>): NodeJS.ProcessEnv {
    return { ...process.env, ...(workspace === undefined ? {} : { SLIPWAY_WORKSPACE: workspace }) };
  }

  /** Commands in a text for people, as they can be typed here: not everybody has `slipway` on the PATH. */
  protected asTyped(text: string): string {
    return asTyped(text, programName({ script: process.argv[1], cwd: process.cwd(), env: process.env }));
  }

  /** The command line, for "run it again". */
  protected commandLine(): string {
    const words = [...(this.id?.split(':') ?? []), ...this.argv];
    return ['slipway', ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))].join(' ');
  }

  /** Nothing that a terminal would obey leaves here, whoever it came from. */
  override log(message = ''): void {
    super.log('%s', printableLines(this.asTyped(message)));
  }

  /** A text with colours for its marks, where standard output takes them. */
  protected logMarked(text: string): void {
    const safe = printableLines(this.asTyped(text));
    super.log('%s', takesColor(process.stdout, process.env) ? colorMarks(safe) : safe);
  }

  /** Columns of standard output; what is no terminal has as many as most. */
  protected get columns(): number {
    return process.stdout.columns || Number(process.env['COLUMNS']) || 80;
  }

  /** Data that a program reads: as it is, but for a terminal. */
  protected logData(text: string): void {
    super.log('%s', process.stdout.isTTY ? printableLines(text) : text);
  }

  override logToStderr(message = ''): void {
    super.logToStderr('%s', printableLines(this.asTyped(message)));
  }

  override warn(input: Error | string): Error | string {
    this.logToStderr(`Warning: ${typeof input === 'string' ? input : input.message}`);
    return input;
  }

  protected override async init(): Promise<void> {
    await super.init();
    await prepareOutput(this.argv);
    const end = this.argv.indexOf('--');
    const trouble = valueOfSwitch(end === -1 ? this.argv : this.argv.slice(0, end), this.parsedCommand());
    if (trouble) throw trouble;
  }

  /** Whether the result is for programs: with `--json`, or in a format that `-o` names. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || (this.ctor.enableJsonFlag && outputFormat(this.argv) !== undefined);
  }

  /** What `-o name` prints of a result, one a line; commands that have names to print offer `outputWithNamesFlag`. */
  protected namesOf(_result: unknown): readonly string[] {
    return [];
  }

  protected override logJson(json: unknown): void {
    // A command that streamed its objects has nothing left to print.
    if (json === undefined) return;
    const format = outputFormat(this.argv) ?? 'json';
    const text = format === 'name' ? this.namesOf(json).map(printableLines).join('\n') : formatted(json, format);
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** An error as `--json` tells of it. */
  protected errorJson(error: unknown): unknown {
    return errorToJson(error, (text) => this.asTyped(text));
  }

  protected override async catch(error: Error): Promise<void> {
    await prepareOutput(this.argv);
    const known = error instanceof SlipwayError ? error : (parseError(error, this.parsedCommand()) ?? error);
    const code = known instanceof SlipwayError ? known.exitCode : exitCodes.unexpected;
    if (this.jsonEnabled() && outputFormat(this.argv) !== 'name') this.logJson({ error: this.errorJson(known) });
    const text = this.asTyped(renderError(known));
    process.stderr.write(`${takesColor(process.stderr, process.env) ? colorTrouble(text) : text}\n`);
    process.exitCode = code;
  }

  private parsedCommand(): ParsedCommand {
    const { baseFlags, flags, enableJsonFlag } = this.ctor;
    const defined = { ...baseFlags, ...flags };
    const own = Object.keys(defined).filter((flag) => defined[flag]!.type === 'boolean');
    const always = [...(enableJsonFlag ? ['json'] : []), 'help'];
    return {
      name: this.id?.replaceAll(':', ' ') ?? '',
      flags: [...Object.keys(defined), ...always],
      switches: [...own, ...always],
    };
  }
}
