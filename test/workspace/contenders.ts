import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..', '..');

/** Compiles what a contender needs into a folder of its own, so that plain node can run it. */
export function compileContender(): { readonly script: string; remove(): void } {
  const out = mkdtempSync(join(tmpdir(), 'slipway-contender-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(out, 'node_modules'));
  const sources = ['src/domain', 'src/errors', 'src/http', 'src/workspace'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  for (const source of [...sources, 'test/workspace/lock-contender.ts']) {
    const target = join(out, source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const { outputText } = ts.transpileModule(readFileSync(join(root, source), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    writeFileSync(target, outputText);
  }
  return {
    script: join(out, 'test/workspace/lock-contender.js'),
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}

/** One contender process; every answer is a word. */
export class Contender {
  readonly #process: ChildProcess;
  readonly #words: AsyncIterator<string>;

  constructor(script: string, workspace: string, fatalPoint?: number, env: Readonly<Record<string, string>> = {}) {
    const args = [script, workspace, ...(fatalPoint === undefined ? [] : [String(fatalPoint)])];
    this.#process = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#words = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid!;
  }

  tell(order: `go ${string}` | 'release'): void {
    this.#process.stdin!.write(`${order}\n`);
  }

  /** The next word; `dead` when the process ended without one. */
  async hear(): Promise<string> {
    const next: IteratorResult<string, unknown> = await this.#words.next();
    return next.done ? 'dead' : next.value;
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
