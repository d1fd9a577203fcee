import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, connect, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { vi } from 'vitest';

import { generateKeyPair, type SshKeyPair } from '../../src/remote/index.js';
import type { HostTarget } from '../../src/remote/types.js';
import { journalctlStandIn, sudoStandIn, systemctlStandIn } from './host-stand-ins.js';

const sshdPath = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
const sftpServer = [
  '/usr/lib/openssh/sftp-server',
  '/usr/libexec/openssh/sftp-server',
  '/usr/lib/ssh/sftp-server',
].find((path) => existsSync(path));

/** Why tests on real sshd hosts are skipped; undefined when they can run. */
export const sshdMissing: string | undefined = !sshdPath
  ? 'skipped: this computer has no sshd (package openssh-server)'
  : !sftpServer
    ? 'skipped: this computer has no sftp-server'
    : process.platform !== 'linux'
      ? 'skipped: host tasks run on Linux only'
      : undefined;

/** True when the tests run as root, as they do on a machine. */
export const isRoot = process.getuid?.() === 0;

/**
 * A real sshd of this computer that plays a machine: everything a host task touches is below `prefix`. Only `systemctl`
 * (with its `journalctl`) is a stand-in, and `sudo` where the tests don't run as root.
 */
export interface TestHost {
  readonly name: string;
  /** What `/` is to the host's tasks. */
  readonly prefix: string;
  /** First in the host's PATH; tests may put a program of their own here. */
  readonly bin: string;
  readonly hostKey: SshKeyPair;
  /** Public half of the other host key, where it was asked for. */
  readonly ecdsaKey: string | undefined;
  readonly identity: SshKeyPair;
  /** Leads through a gate that can be closed. */
  readonly target: HostTarget;
  /** Where sshd itself listens. */
  readonly sshdPort: number;
  /** Breaks every connection; new ones are taken. */
  cut(): void;
  /** Breaks every connection, and refuses new ones until `openGate`. */
  closeGate(): void;
  openGate(): void;
  /** Connections made so far, broken ones too. */
  connections(): number;
  /** A file below `prefix`; undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  write(path: string, content: string, mode?: number): Promise<void>;
  /** `systemctl` calls so far, a line each. */
  systemctlCalls(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export interface TestHostOptions {
  readonly name?: string;
  readonly pins?: readonly string[];
  /** Where the host's files lie; a temporary folder otherwise. */
  readonly prefix?: string;
  /** Whose login it takes; a new one otherwise. */
  readonly identity?: SshKeyPair;
  /** Shows an ECDSA key beside its ed25519 one. */
  readonly ecdsa?: boolean;
  /** Lines of sshd_config that come before the usual ones, and so count. */
  readonly sshdConfig?: string;
}

export async function startHost(options: TestHostOptions = {}): Promise<TestHost> {
  const name = options.name ?? 'demo-cp-1';
  const root = await mkdtemp(join(tmpdir(), 'slipway-host-'));
  const prefix = options.prefix ?? join(root, 'host');
  const bin = join(root, 'bin');
  const ssh = join(prefix, 'etc/ssh');
  for (const folder of [bin, join(ssh, 'sshd_config.d'), join(prefix, 'var/lib'), join(prefix, 'run')]) {
    await mkdir(folder, { recursive: true });
  }
  if (isRoot) await mkdir('/run/sshd', { recursive: true });
  const hostKey = generateKeyPair(name);
  const identity = options.identity ?? generateKeyPair('slipway-demo');
  const pidFile = join(root, 'sshd.pid');
  const file = async (path: string, content: string, mode: number): Promise<void> => {
    await writeFile(path, content, { mode });
    await chmod(path, mode);
  };
  await file(join(ssh, 'ssh_host_ed25519_key'), hostKey.privateKey.reveal(), 0o600);
  const ecdsa = join(ssh, 'ssh_host_ecdsa_key');
  if (options.ecdsa) spawnSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-C', name, '-f', ecdsa]);
  await file(join(root, 'authorized_keys'), `${identity.publicKey}\n`, 0o600);
  await file(join(bin, 'systemctl'), systemctlStandIn(pidFile), 0o755);
  await file(join(bin, 'journalctl'), journalctlStandIn, 0o755);
  if (!isRoot) await file(join(bin, 'sudo'), sudoStandIn, 0o755);

  if (options.sshdConfig !== undefined) {
    await file(join(ssh, 'sshd_config.d', '00-test.conf'), `${options.sshdConfig}\n`, 0o644);
  }

  let sshd: ChildProcess | undefined;
  let sshdPort = 0;
  for (let left = 5; !sshd; left--) {
    sshdPort = await freePort();
    const at = { port: sshdPort, prefix, root, bin, pidFile, ecdsa: options.ecdsa ?? false };
    await file(join(ssh, 'sshd_config'), sshdConfig(at), 0o644);
    sshd = await startSshd(join(ssh, 'sshd_config'), join(root, 'sshd.log'), pidFile);
    if (!sshd && left === 1) throw new Error(`sshd did not start: ${await readFile(join(root, 'sshd.log'), 'utf8')}`);
  }
  const gate = new Gate(sshdPort);
  const pins = options.pins ?? [hostKey.publicKey];
  return {
    name,
    prefix,
    bin,
    hostKey,
    ecdsaKey: options.ecdsa ? (await readFile(`${ecdsa}.pub`, 'utf8')).trim() : undefined,
    identity,
    sshdPort,
    target: {
      name,
      address: '127.0.0.1',
      port: await gate.open(),
      user: userInfo().username,
      identity: identity.privateKey,
      pins: async () => pins,
    },
    cut: () => gate.cut(),
    closeGate: () => gate.close(),
    openGate: () => gate.reopen(),
    connections: () => gate.connections,
    read: async (path) => readFile(join(prefix, path), 'utf8').catch(() => undefined),
    write: async (path, content, mode = 0o644) => {
      await mkdir(join(prefix, path, '..'), { recursive: true });
      await file(join(prefix, path), content, mode);
    },
    systemctlCalls: async () =>
      (await readFile(join(prefix, 'var/stand-in/calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    stop: async () => {
      gate.shut();
      const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
      if (pid > 0) process.kill(pid, 'SIGTERM');
      await vi.waitFor(() => {
        if (pid > 0 && isAlive(pid)) throw new Error('sshd still runs');
      }, 60_000);
      await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

interface SshdAt {
  readonly port: number;
  readonly prefix: string;
  readonly root: string;
  readonly bin: string;
  readonly pidFile: string;
  readonly ecdsa: boolean;
}

function sshdConfig(at: SshdAt): string {
  const path = `${at.bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;
  // Forced, so that no start-up file of a shell can put the real systemctl in front, or lose the prefix.
  const forced = `exec env PATH=${path} SLIPWAY_PREFIX=${at.prefix} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`;
  // With SHLVL, bash takes itself for one that was started from another, and does not read the .bashrc of whoever tests:
  // that belongs to no machine, and can take a second for each command.
  return `Include ${at.prefix}/etc/ssh/sshd_config.d/*.conf
SetEnv SHLVL=1
Port ${at.port}
ListenAddress 127.0.0.1
HostKey ${at.prefix}/etc/ssh/ssh_host_ed25519_key
${at.ecdsa ? `HostKey ${at.prefix}/etc/ssh/ssh_host_ecdsa_key` : ''}
PidFile ${at.pidFile}
AuthorizedKeysFile ${at.root}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
PerSourcePenalties no
Subsystem sftp ${sftpServer!}
ForceCommand ${forced}
`
    .split('\n')
    .filter((line) => !line.startsWith('PerSourcePenalties') || knowsPenalties())
    .join('\n');
}

let penalties: boolean | undefined;
/** OpenSSH 9.8 and later punish what these tests do on purpose. */
function knowsPenalties(): boolean {
  const asked = (): string =>
    spawnSync(sshdPath!, ['-t', '-o', 'PerSourcePenalties=no', '-f', '/dev/null'], { encoding: 'utf8' }).stderr;
  penalties ??= !/keyword|bad configuration/i.test(asked());
  return penalties;
}

/** Resolves with undefined when the port was taken in the meantime. */
async function startSshd(config: string, log: string, pidFile: string): Promise<ChildProcess | undefined> {
  const child = spawn(sshdPath!, ['-D', '-f', config, '-E', log], { stdio: 'ignore', detached: true });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.unref();
  await vi.waitFor(() => {
    if (!ended) accessSync(pidFile, constants.R_OK);
  }, 60_000);
  return ended ? undefined : child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Stands between a test and sshd, so that connections can be broken as networks break them. */
class Gate {
  connections = 0;
  #closed = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(private readonly to: number) {
    this.#server = createServer((from) => {
      if (this.#closed) return void from.resetAndDestroy();
      this.connections++;
      const socket = connect(this.to, '127.0.0.1');
      for (const end of [from, socket]) {
        this.#sockets.add(end);
        end.setNoDelay(true);
        end.on('error', () => {});
        end.on('close', () => {
          this.#sockets.delete(end);
          from.destroy();
          socket.destroy();
        });
      }
      from.pipe(socket).pipe(from);
    });
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#closed = true;
    this.cut();
  }

  reopen(): void {
    this.#closed = false;
  }

  shut(): void {
    this.cut();
    this.#server.close();
  }
}
