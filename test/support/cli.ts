import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { execa } from 'execa';

import { findSandbox, type SandboxHandle, stopSandbox } from '../../providers/sandbox/index.js';

const root = new URL('../..', import.meta.url).pathname;
const bin = join(root, 'bin/run.js');

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The built command-line tool with a home and a sandbox of its own. */
export class Cli {
  readonly home = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  readonly sandboxFolder = join(this.home, 'ws', 'state', 'sandbox');

  /** As an installed program: on the PATH, by its name. */
  readonly bin = join(this.home, '.local', 'bin', 'slipway');

  /** @param program what to run; default: what was built here */
  constructor(
    private timeScale = '0.01',
    program = bin,
  ) {
    if (!existsSync(join(root, 'dist/main.cjs'))) throw new Error('dist is missing: run `npm run build` first');
    mkdirSync(dirname(this.bin), { recursive: true });
    symlinkSync(program, this.bin);
  }

  /** What the tool finds around it. */
  get env(): Readonly<Record<string, string>> {
    return {
      PATH: `${dirname(this.bin)}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: this.home,
      SLIPWAY_HOME: join(this.home, 'ws'),
      // What V8 compiled of the program serves all tests.
      XDG_CACHE_HOME: join(root, 'build/cache'),
      SLIPWAY_SANDBOX_TIME_SCALE: this.timeScale,
      NO_COLOR: '1',
    };
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string) {
    return execa(this.bin, [...args], {
      cwd: this.home,
      extendEnv: false,
      env: { ...this.env, CI: '1', ...env },
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      reject: false,
      // Not a limit that tests reckon with: it ends what would hang, before the test's own limit hides what was said.
      timeout: 150_000,
    });
  }

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string): Promise<Run> {
    const { exitCode, stdout, stderr, signal } = await this.start(args, env, input);
    return { code: exitCode ?? (signal === 'SIGKILL' ? 137 : -1), out: String(stdout), err: String(stderr) };
  }

  async sandbox(): Promise<SandboxHandle> {
    const handle = await findSandbox(this.sandboxFolder);
    if (!handle) throw new Error('the sandbox does not run');
    return handle;
  }

  /** Has the sandbox fail in some way: sold out, over its limits, cut off. `{ clear: true }` ends that. */
  async order(orders: object): Promise<void> {
    await (await this.sandbox()).call('POST', 'faults', orders);
  }

  /** Slows the sandbox down or speeds it up while it runs. Commands that follow say the same, as each of them sets it. */
  async setTimeScale(timeScale: number): Promise<void> {
    this.timeScale = String(timeScale);
    await (await this.sandbox()).call('POST', 'profile', { timeScale });
  }

  /** All of one kind at the cloud, as its API lists them. */
  async cloud<T extends { readonly name: string }>(kind: string): Promise<readonly T[]> {
    const { endpoint, info } = await this.sandbox();
    const answer = await fetch(`${endpoint}/${kind}?per_page=50`, {
      headers: { Authorization: `Bearer ${info.cloudToken}` },
    });
    return ((await answer.json()) as Record<string, T[]>)[kind]!;
  }

  /** Everything in the workspace but the sandbox's own state, as one text. */
  workspaceText(folder = join(this.home, 'ws', 'clusters'), only: (path: string) => boolean = () => true): string {
    if (!existsSync(folder)) return '';
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile() && only(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
  }

  async close(): Promise<void> {
    await stopSandbox(this.sandboxFolder);
    rmSync(this.home, { recursive: true, force: true });
  }
}
