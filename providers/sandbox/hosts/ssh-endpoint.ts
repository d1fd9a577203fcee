import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import { decodeTask, taskCommand } from './task-text.js';
import { contained } from '../report-fault.js';
import type { Machine } from './machine.js';
import { runInteractively } from './interactive-shell.js';
import { listenAt, type Ports } from './ports.js';
import type { HostScripts } from './scripts.js';
import { serveSftp } from './sftp.js';
import { openShell } from './shell.js';
import type { TaskRunner } from './task-runner.js';

/** A task with its script is some ten KiB. */
const inputLimit = 4 * 1024 * 1024;
/** How long a packet that a firewall drops keeps its sender waiting, before the sandbox frees the socket. */
const droppedMs = 60_000;
const hostKeyFile = '/etc/ssh/ssh_host_ed25519_key';

export interface SshEndpointOptions {
  readonly machine: Machine;
  readonly ports: Pick<Ports, 'listen'>;
  readonly tasks: Pick<TaskRunner, 'run'>;
  readonly scripts: HostScripts;
  /** Whether the firewalls let this computer in. */
  readonly allowed: () => boolean;
}

/** sshd of one machine, on a port of this computer that the machine keeps for its life. */
export class SshEndpoint {
  readonly #listener = createServer((socket) => this.#arrived(socket));
  readonly #sockets = new Set<Socket>();
  #sshd: { readonly key: string; readonly server: ssh2.Server } | undefined;
  #port: Promise<number> | undefined;

  constructor(private readonly options: SshEndpointOptions) {
    options.machine.onDown(() => this.cut());
  }

  /** @param remembered port from before a restart of the sandbox */
  async open(remembered: number | undefined): Promise<number> {
    this.#port ??= this.#listen(remembered).then((port) => {
      this.#listener.on('error', () => {});
      this.#listener.unref();
      return port;
    });
    return await this.#port;
  }

  async #listen(remembered: number | undefined): Promise<number> {
    const { spec } = this.options.machine;
    if (!spec.bare) return await this.options.ports.listen(this.#listener, remembered);
    await listenAt(this.#listener, spec.bare.address, spec.bare.sshPort);
    return spec.bare.sshPort;
  }

  /** Ends every session without a word, as a broken network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#listener.close();
  }

  #arrived(socket: Socket): void {
    const { machine, allowed } = this.options;
    socket.on('error', () => {});
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const silent = machine.power === 'off' || !allowed();
    if (silent) {
      socket.resume();
      const cancel = machine.context.clock.after(droppedMs, () => socket.destroy());
      socket.on('close', cancel);
    } else if (!machine.up) {
      socket.resetAndDestroy();
    } else {
      socket.setNoDelay(true);
      const server = this.#server();
      if (server) server.injectSocket(socket);
      else socket.resetAndDestroy();
    }
  }

  /** Made anew when the host key on the disk is another: sshd reads it again for each new connection. */
  #server(): ssh2.Server | undefined {
    const { files } = this.options.machine;
    const key = files.exists(hostKeyFile) ? files.text(hostKeyFile) : '';
    if (this.#sshd?.key === key) return this.#sshd.server;
    try {
      const server = new ssh2.Server({ hostKeys: [key], ident: 'OpenSSH_9.6p1' }, (client) => this.#connected(client));
      this.#sshd = { key, server };
      return server;
    } catch {
      // sshd: no hostkeys available -- exiting.
      return undefined;
    }
  }

  #connected(client: Connection): void {
    let user = '';
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (!this.#mayLogIn(context)) return context.reject(['publickey']);
      user = context.username;
      context.accept();
    });
    client.on('ready', () => {
      client.on('session', (accept) => this.#session(accept(), user));
      client.on('tcpip', (_accept, reject) => reject());
    });
  }

  #mayLogIn(context: AuthContext): boolean {
    if (context.method !== 'publickey') return false;
    const { username, key, signature, blob, hashAlgo } = context;
    const { machine } = this.options;
    if (!machine.users.has(username)) return false;
    const home = username === 'root' ? '/root' : `/home/${username}`;
    const file = `${home}/.ssh/authorized_keys`;
    const lines = machine.files.exists(file) ? machine.files.text(file).split('\n') : [];
    const offered = key.data.toString('base64');
    const line = lines.find((known) => known.split(/\s+/).includes(offered));
    if (!line) return false;
    if (!signature || !blob) return true;
    const parsed = ssh2.utils.parseKey(line);
    return !(parsed instanceof Error) && parsed.verify(blob, signature, hashAlgo) === true;
  }

  #session(session: Session, user: string): void {
    let terminal = false;
    session.on('pty', (accept) => {
      terminal = true;
      accept?.();
    });
    session.on('window-change', (accept) => accept?.());
    session.on('env', (accept) => accept?.());
    session.on('signal', (accept) => accept?.());
    const where = `SSH to ${this.options.machine.spec.name}`;
    session.on('shell', (accept) =>
      contained(where, () => openShell(this.options.machine, user, unbreakable(accept()), terminal)),
    );
    session.on('sftp', (accept) => contained(where, () => serveSftp(this.options.machine.files, user, accept())));
    session.on('exec', (accept, _reject, { command }) =>
      contained(where, () => this.#exec(unbreakable(accept()), user, command)),
    );
  }

  #exec(channel: ServerChannel, user: string, command: string): void {
    const asRoot = command === taskCommand.root && user === 'root';
    const withSudo = command === taskCommand.other;
    if (!asRoot && !withSudo) {
      const { out, err, exit } =
        command === taskCommand.root ? notRoot : runInteractively(this.options.machine, user, command);
      finish(channel, exit, out, err);
    } else if (withSudo && !this.#maySudo(user)) {
      finish(channel, 1, '', 'sudo: a password is required\n');
    } else {
      this.#shellText(channel);
    }
  }

  #maySudo(user: string): boolean {
    const { users, traits } = this.options.machine;
    return users.get(user)?.sudo === true && (user === 'root' || traits?.sudoRefused !== true);
  }

  /** Reads the whole text first, as the runner does. */
  #shellText(channel: ServerChannel): void {
    const chunks: Buffer[] = [];
    let size = 0;
    channel.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= inputLimit) chunks.push(chunk);
    });
    channel.on('end', () => contained('shell text', () => this.#run(channel, chunks, size)));
  }

  #run(channel: ServerChannel, chunks: readonly Buffer[], size: number): void {
    const decoded = size <= inputLimit ? decodeTask(Buffer.concat(chunks).toString('utf8')) : undefined;
    if (!decoded) {
      finish(channel, 127, '', 'sh: 1: a sandbox machine runs Slipway’s host tasks and no other shell text\n');
    } else if (!this.options.scripts.knows(decoded.task, decoded.runner)) {
      const name = decoded.task.name.slice(0, 60);
      finish(channel, 127, '', `sh: 1: ${name}: not found (script or runner are not those of templates/host)\n`);
    } else {
      this.#task(channel, decoded.task);
    }
  }

  #task(channel: ServerChannel, task: Parameters<TaskRunner['run']>[0]): void {
    channel.write('slipway-began\n');
    const leave = this.options.tasks.run(task, {
      out: (text) => void channel.write(text),
      err: (text) => void channel.stderr.write(text),
      end: () => finish(channel, 0, '', ''),
    });
    channel.on('close', leave);
  }
}

const notRoot = { out: '', err: 'sh: 1: only root may run host tasks; use sudo -n sh -s\n', exit: 1 };

/** A channel whose client may be gone at any moment: what is written to it then is lost, as with a real sshd. */
function unbreakable(channel: ServerChannel): ServerChannel {
  channel.on('error', () => {});
  channel.stderr.on('error', () => {});
  return channel;
}

function finish(channel: ServerChannel, exit: number, out: string, err: string): void {
  if (channel.destroyed || !channel.writable) return;
  if (err !== '') channel.stderr.write(err);
  if (out !== '') channel.write(out);
  channel.exit(exit);
  channel.end();
}
