import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** Why no pseudo-terminal can be had here; undefined: one can. */
export const noTerminal: string | undefined =
  process.platform === 'win32'
    ? 'Windows has no pseudo-terminals of this kind'
    : spawnSync('python3', ['-c', 'import pty']).status === 0
      ? undefined
      : 'python3, which opens the pseudo-terminal, is not installed';

/** A shell in a pseudo-terminal of 80 × 24 whose foreground job gets what is typed, and its signals, as from a keyboard. */
const relay = `
import fcntl, os, pty, select, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    os.execvp('sh', ['sh', '-i'])
sources = [terminal, 0]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if data:
            os.write(1 if source == terminal else terminal, data)
        else:
            sources.remove(source)
            if source == 0:
                os.close(terminal)
                sources = []
os.waitpid(pid, 0)
`;

/** An interactive shell in a real terminal. */
export class Terminal {
  readonly #relay: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  /** All that was ever written to the screen, with what only terminals read. */
  raw = '';

  constructor({ cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) {
    this.#relay = spawn('python3', ['-c', relay], { cwd, env: { ...env, TERM: 'xterm', PS1: '> ' } });
    this.#ended = new Promise((resolve) => this.#relay.once('close', resolve));
    this.#relay.stdout.on('data', (chunk: Buffer) => (this.raw += chunk.toString()));
    // Its own troubles are seen where its output is looked at.
    this.#relay.stderr.on('data', (chunk: Buffer) => (this.raw += chunk.toString()));
  }

  /** What people have read so far. */
  get text(): string {
    return stripVTControlCharacters(this.raw).replaceAll('\r', '');
  }

  type(text: string): void {
    this.#relay.stdin.write(text);
  }

  /** Ends the shell by hanging up, as a window that is closed. */
  async close(): Promise<void> {
    this.#relay.stdin.end();
    await this.#ended;
  }
}

export const ctrlC = '\u0003';
