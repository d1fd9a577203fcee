import { withBoundary, type Boundary } from '../../src/domain/boundary.js';
import type { LibvirtHostSpec } from '../../src/domain/spec/libvirt.js';
import { loginTarget } from '../../src/remote/index.js';
import type { LoginKey } from '../../src/remote/login-key.js';
import type { CommandInput, CommandResult, Remote } from '../../src/remote/types.js';
import type { CallOptions } from '../../src/provider/port.js';
import { errorOf, VirshError, type VirshKind } from './errors.js';

/**
 * Runs `virsh` on a host with these arguments; what it reads comes from `/dev/stdin`, and what it writes goes to `/dev/stdout`,
 * where an argument names them.
 */
export type Virsh = (args: readonly string[], options: CallOptions, files?: VirshFiles) => Promise<CommandResult>;

export interface VirshFiles {
  readonly input?: CommandInput | undefined;
  /** A file of this computer that what it writes goes to, instead of the answer. */
  readonly output?: string | undefined;
}

/** Milliseconds for a call that sends no file. libvirt may look at QEMU anew in it, which takes minutes where all is busy. */
const callMs = 600_000;

/** Pipes on both sides, since libvirt opens `/dev/stdin` and `/dev/stdout` by their names, which no socket allows. */
const script = (input: CommandInput | undefined): string => {
  const virsh = input === undefined ? 'virsh -q -c "$@" </dev/null' : 'cat | virsh -q -c "$@"';
  return `export LC_ALL=C; exec 3>&1; rc=$( { { ${virsh}; echo $? >&4; } | cat >&3; } 4>&1 ); exit "$rc"`;
};

/** By the client of this computer. */
export function localVirsh(uri: string): Virsh {
  return async (args, { signal }, { input, output } = {}) => {
    const { execa } = await import('execa');
    const isFile = typeof input === 'object' && 'file' in input;
    const result = await execa('sh', ['-c', script(input), 'virsh', uri, ...args], {
      ...(input === undefined ? {} : isFile ? { inputFile: input.file } : { input }),
      reject: false,
      cancelSignal: signal,
      stripFinalNewline: false,
      ...(output === undefined ? {} : { stdout: { file: output } }),
      ...(isFile || output !== undefined ? {} : { timeout: callMs }),
    });
    signal.throwIfAborted();
    const { exitCode = 255, stdout = '', stderr, shortMessage } = result;
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
  return async (args, options, { input, output } = {}) => {
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
    const line = words.map(quoted).join(' ');
    if (output === undefined) return session.command(line, input, options);
    // Sessions copy files, and answers are text.
    const result = await session.command(kept(line), input, options);
    const file = result.stdout.trim();
    if (result.code !== 0) return result;
    try {
      await session.download(file, output, options);
    } finally {
      await session.command(`rm -f ${quoted(file)}`, undefined, options);
    }
    return { ...result, stdout: '' };
  };
}

/** What a command line writes goes to a file, which it tells of. */
const kept = (line: string): string =>
  `file=$(mktemp /var/tmp/slipway-XXXXXXXX) && { if ${line} >"$file"; then echo "$file"; else rc=$?; rm -f "$file"; exit "$rc"; fi; }`;

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
  async read(args: readonly string[], options: CallOptions, files?: VirshFiles): Promise<string> {
    let result: CommandResult;
    try {
      result = await this.virsh(args, options, files);
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
        await this.read(args, options, { input });
      } catch (error) {
        if (!(error instanceof VirshError) || !fine.includes(error.kind)) throw error;
      }
    });
  }

  /** Makes a volume in the pool, if it is not there already. */
  create(volumeXml: string, options: CallOptions): Promise<void> {
    return this.change(['vol-create', this.spec.pool, '/dev/stdin'], options, { input: volumeXml, fine: ['taken'] });
  }

  /** Whether there is such a volume. */
  async has(volume: string, options: CallOptions): Promise<boolean> {
    return (await this.find(['vol-path', volume, '--pool', this.spec.pool], options)) !== undefined;
  }

  /** Copies a volume to a file of this computer. @throws VirshError */
  async download(volume: string, output: string, options: CallOptions): Promise<void> {
    await this.read(['vol-download', volume, '/dev/stdout', '--pool', this.spec.pool], options, { output });
  }

  /** Lines of a list that `virsh` prints, one name each. */
  async names(args: readonly string[], options: CallOptions): Promise<string[]> {
    return (await this.read(args, options))
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  }
}
