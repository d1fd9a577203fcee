import { withBoundary, type Boundary } from '../../src/domain/boundary.js';
import type { LibvirtHostSpec } from '../../src/domain/spec/libvirt.js';
import { loginTarget } from '../../src/remote/index.js';
import type { LoginKey } from '../../src/remote/login-key.js';
import type { CommandInput, CommandResult, Remote } from '../../src/remote/types.js';
import type { CallOptions } from '../../src/provider/port.js';
import { errorOf, VirshError, type VirshKind } from './errors.js';

/** Runs `virsh` on a host with these arguments; what it reads comes from `/dev/stdin`, which an argument names. */
export type Virsh = (args: readonly string[], options: CallOptions, input?: CommandInput) => Promise<CommandResult>;

/** Milliseconds for a call that sends no file. libvirt may look at QEMU anew in it, which takes minutes where all is busy. */
const callMs = 600_000;

/** Pipes on both sides, since libvirt opens `/dev/stdin` and `/dev/stdout` by their names, which no socket allows. */
const script = (input: CommandInput | undefined): string => {
  const virsh = input === undefined ? 'virsh -q -c "$@" </dev/null' : 'cat | virsh -q -c "$@"';
  return `export LC_ALL=C; exec 3>&1; rc=$( { { ${virsh}; echo $? >&4; } | cat >&3; } 4>&1 ); exit "$rc"`;
};

/** By the client of this computer. */
export function localVirsh(uri: string): Virsh {
  return async (args, { signal }, input) => {
    const { execa } = await import('execa');
    const isFile = typeof input === 'object' && 'file' in input;
    const result = await execa('sh', ['-c', script(input), 'virsh', uri, ...args], {
      ...(input === undefined ? {} : isFile ? { inputFile: input.file } : { input }),
      reject: false,
      cancelSignal: signal,
      stripFinalNewline: false,
      ...(isFile ? {} : { timeout: callMs }),
    });
    signal.throwIfAborted();
    const { exitCode = 255, stdout, stderr, shortMessage } = result;
    return { code: exitCode, stdout, stderr: stderr || (exitCode === 0 ? '' : (shortMessage ?? '')) };
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** By the client of the host itself, over a session of ours: its pins hold, and nothing but SSH is needed here. */
export function remoteVirsh(
  host: Pick<LibvirtHostSpec, 'name' | 'uri' | 'hostKey'>,
  {
    remote,
    key,
    patienceMs,
  }: { readonly remote: Remote; readonly key: () => Promise<LoginKey>; readonly patienceMs: number },
): Virsh {
  const { hostname, port, username } = new URL(host.uri);
  return async (args, options, input) => {
    const login = {
      address: hostname,
      port: Number(port || 22),
      user: username || 'root',
      ...(await key()),
      hostKeys: host.hostKey ?? [],
    };
    // A machine of the cluster may have the host’s name.
    const target = { ...loginTarget(host.name, login), id: `libvirt:${host.uri}` };
    const session = await remote.connect(target, patienceMs, options);
    const words = ['sh', '-c', script(input), 'virsh', 'qemu:///system', ...args];
    return session.command(words.map(quoted).join(' '), input, options);
  };
}

/** A libvirt daemon: its host, and words to it that change something passed through a boundary. */
export class Hypervisor {
  constructor(
    readonly spec: LibvirtHostSpec,
    private readonly virsh: Virsh,
    private readonly boundary: Boundary,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  /** What `virsh` says. @throws VirshError */
  async read(args: readonly string[], options: CallOptions, input?: CommandInput): Promise<string> {
    let result: CommandResult;
    try {
      result = await this.virsh(args, options, input);
    } catch (error) {
      options.signal.throwIfAborted();
      throw errorOf(this.name, args, error);
    }
    if (result.code !== 0) throw errorOf(this.name, args, result);
    return result.stdout;
  }

  /** What `virsh` says of something; undefined where that does not exist. */
  async find(args: readonly string[], options: CallOptions): Promise<string | undefined> {
    try {
      return await this.read(args, options);
    } catch (error) {
      if (error instanceof VirshError && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  /** Changes something. Answers of these kinds mean that it was changed already. */
  async change(
    args: readonly string[],
    options: CallOptions,
    { input, fine = [] }: { readonly input?: CommandInput; readonly fine?: readonly VirshKind[] } = {},
  ): Promise<void> {
    await withBoundary(this.boundary, 'provider', `${this.name} virsh ${args[0]!}`, async () => {
      try {
        await this.read(args, options, input);
      } catch (error) {
        if (!(error instanceof VirshError) || !fine.includes(error.kind)) throw error;
      }
    });
  }

  /** Lines of a list that `virsh` prints, one name each. */
  async names(args: readonly string[], options: CallOptions): Promise<string[]> {
    return (await this.read(args, options))
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  }
}
