import { join } from 'node:path';

import { Secret } from '../domain/secret.js';
import { SlipwayError } from '../errors/index.js';
import type { Files } from './files.js';
import { corruptFile } from './file-errors.js';
import {
  hostKeysText,
  keyPair,
  noHostKeys,
  withFirst,
  withNext,
  withOnlyPin,
  withPin,
  type HostKeys,
} from './host-keys.js';
import { openJournal } from './journal.js';
import { knownHosts, withPins } from './known-hosts.js';
import { busyError, lockHolder, tryLock, type LockOptions } from './lock.js';
import { publicKeyOf } from './openssh-key.js';
import { safeName } from './paths.js';
import { recordText } from './record-text.js';
import { recordSummary, summaryOf } from './record-summary.js';
import { kubeconfigSecrets } from './redact.js';
import type { KeyedMutex } from './keyed-mutex.js';
import type {
  ClusterFolder,
  ClusterRecord,
  Journal,
  KeyPair,
  Lock,
  LockHolder,
  MachineAddress,
  OperationSummary,
  RecordSummary,
} from './types.js';

/** What all folders of one workspace share. */
export interface FolderContext extends LockOptions {
  /** Files that pass no boundary and need not survive a power cut: for locks of a moment. */
  readonly quietFiles: Files;
  readonly generateKeyPair: (comment: string) => KeyPair;
  readonly turns: KeyedMutex;
  readonly warn: (text: string) => void;
  /** Every secret this process has seen, to keep them out of journals. */
  readonly secrets: Set<string>;
}

/** Milliseconds after which a temporary file is what a killed write left. */
const abandonedAfterMs = 3_600_000;
/** Milliseconds to wait for another process that changes the same small file. */
const turnDeadlineMs = 10_000;

export class LocalClusterFolder implements ClusterFolder {
  readonly kubeconfigPath: string;
  readonly knownHostsPath: string;
  readonly identityPath: string;
  readonly #lockPath: string;

  constructor(
    readonly name: string,
    readonly path: string,
    private readonly context: FolderContext,
  ) {
    this.kubeconfigPath = join(path, 'kubeconfig');
    this.identityPath = join(path, 'id_ed25519');
    this.knownHostsPath = join(path, 'known_hosts');
    this.#lockPath = join(path, 'lock');
  }

  async record(): Promise<ClusterRecord | undefined> {
    const path = join(this.path, 'record.json');
    const text = await this.context.files.read(path);
    // Forms that are read are checked by what is only loaded for that.
    return text === undefined ? undefined : (await import('./record.js')).readRecord(path, this.name, text);
  }

  async summary(): Promise<RecordSummary | undefined> {
    const text = await this.context.files.read(join(this.path, 'record.json'));
    if (text === undefined) return undefined;
    const summary = recordSummary(text);
    if (summary) return summary;
    // What is wrong with it, or how an older one is to be read, the whole reading says.
    const record = await this.record();
    return record && summaryOf(record);
  }

  async saveRecord(record: ClusterRecord): Promise<void> {
    // What cannot be read is never overwritten: it may hold the only trace of a cluster.
    await this.record();
    await this.context.files.write(join(this.path, 'record.json'), recordText(record));
  }

  async replaceRecord(record: ClusterRecord): Promise<void> {
    const path = join(this.path, 'record.json');
    if (await isDamaged(() => this.record())) await this.context.files.setAside(path, this.#asideSuffix);
    await this.context.files.write(path, recordText(record));
  }

  async newIdentity(): Promise<KeyPair> {
    return this.replaceIdentity(this.context.generateKeyPair(this.#keyComment).privateKey);
  }

  async replaceIdentity(privateKey: Secret): Promise<KeyPair> {
    const { files } = this.context;
    const text = privateKey.reveal();
    this.context.secrets.add(text);
    const there = await files.read(this.identityPath);
    if (there !== undefined && there !== text) await files.setAside(this.identityPath, this.#asideSuffix);
    if (there !== text) await files.write(this.identityPath, text);
    return this.#identityOf(text);
  }

  async identity(): Promise<KeyPair> {
    const make = (): string => this.context.generateKeyPair(this.#keyComment).privateKey.reveal();
    return this.#identityOf(await this.#madeOnce(this.identityPath, make));
  }

  async storedIdentity(): Promise<KeyPair | undefined> {
    const text = await this.context.files.read(this.identityPath);
    if (text === undefined) return undefined;
    this.context.secrets.add(text);
    return this.#identityOf(text);
  }

  get #keyComment(): string {
    return `slipway-${this.name}`;
  }

  /** `2026-11-20T10-00-00Z.old` */
  get #asideSuffix(): string {
    return `${new Date(this.context.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}Z.old`;
  }

  async #identityOf(privateKey: string): Promise<KeyPair> {
    const path = this.identityPath;
    const key = publicKeyOf(privateKey);
    if (key === undefined) {
      throw corruptFile(path, 'it is not an OpenSSH private key', this.name);
    }
    const publicKey = `${key} ${this.#keyComment}`;
    // The private half is the truth; a kill may have come between the two files.
    if ((await this.context.files.read(`${path}.pub`))?.trim() !== publicKey)
      await this.context.files.write(`${path}.pub`, `${publicKey}\n`);
    return { publicKey, privateKey: new Secret(privateKey) };
  }

  async secret(name: string, make: () => string): Promise<Secret> {
    return new Secret(await this.#madeOnce(join(this.path, 'secrets', safeName('secret', name)), make));
  }

  async firstHostKey(machine: string): Promise<KeyPair> {
    const { first } = await this.#changeHost(machine, (keys) =>
      keys.first ? keys : withFirst(keys, this.context.generateKeyPair(machine)),
    );
    return keyPair(present(first));
  }

  async pins(machine: string): Promise<readonly string[]> {
    return (await this.#host(machine)).pins;
  }

  async addPin(machine: string, publicKey: string): Promise<void> {
    await this.#changeHost(machine, (keys) => withPin(keys, publicKey));
  }

  async onlyPin(machine: string, publicKey: string): Promise<void> {
    const path = this.#hostPath(machine);
    // What cannot be read is not needed for this, and is kept aside.
    if (await isDamaged(() => this.#host(machine)))
      await this.#alone(path, () => this.context.files.setAside(path, this.#asideSuffix));
    await this.#changeHost(machine, (keys) => withOnlyPin(keys, publicKey));
  }

  async hostKeySwapped(machine: string): Promise<boolean> {
    return (await this.#host(machine)).swapped;
  }

  async nextHostKey(machine: string): Promise<KeyPair> {
    const { next } = await this.#changeHost(machine, (keys) =>
      keys.next ? keys : withNext(keys, this.context.generateKeyPair(machine)),
    );
    return keyPair(present(next));
  }

  async forgetMachine(machine: string): Promise<void> {
    const path = this.#hostPath(machine);
    await this.#alone(path, async () => this.context.files.remove(path));
    await this.#followPins(machine);
  }

  async writeKnownHosts(machines: readonly MachineAddress[]): Promise<void> {
    const hosts = await Promise.all(machines.map(async (host) => ({ ...host, pins: await this.pins(host.machine) })));
    await this.#alone(this.knownHostsPath, () => this.context.files.write(this.knownHostsPath, knownHosts(hosts)));
  }

  async kubeconfig(): Promise<Secret | undefined> {
    const text = await this.context.files.read(this.kubeconfigPath);
    if (text === undefined) return undefined;
    this.#keepOut(text);
    return new Secret(text);
  }

  async saveKubeconfig(text: Secret): Promise<void> {
    this.#keepOut(text.reveal());
    await this.context.files.write(this.kubeconfigPath, text.reveal());
  }

  async lock(operation: string): Promise<Lock> {
    const { clock, process, files } = this.context;
    const result = await tryLock(this.#lockPath, operation, this.context);
    if ('heldBy' in result) throw busyError(this.name, this.#lockPath, result.heldBy, process, clock.now());
    for (const folder of [this.path, join(this.path, 'hosts'), join(this.path, 'secrets')])
      await files.sweep(folder, clock.now() - abandonedAfterMs);
    return result.lock;
  }

  async holder(): Promise<LockHolder | undefined> {
    return lockHolder(this.#lockPath, this.context);
  }

  async journal(operation: string): Promise<Journal> {
    const { secrets } = this.context;
    return openJournal(join(this.path, 'journal'), operation, { ...this.context, secrets: () => [...secrets] });
  }

  async history(): Promise<readonly OperationSummary[]> {
    const folder = join(this.path, 'journal');
    const summaries: OperationSummary[] = [];
    for (const name of (await this.context.files.list(folder)).reverse()) {
      if (!name.endsWith('.ndjson')) continue;
      const text = await this.context.files.read(join(folder, name));
      if (text !== undefined)
        summaries.push((await import('./history.js')).summarise(name.replace(/\.ndjson$/, ''), text));
    }
    return summaries;
  }

  async keepsAnything(): Promise<boolean> {
    return (await this.context.files.list(this.path)).some((name) => name !== 'lock' && !name.startsWith('lock.'));
  }

  async remove(): Promise<void> {
    await this.context.files.removeFolder(this.path);
  }

  /** Keeps a kubeconfig's credentials out of the journal. */
  #keepOut(kubeconfig: string): void {
    for (const secret of kubeconfigSecrets(kubeconfig)) this.context.secrets.add(secret);
  }

  /** The file's text, made by `make` when there is none; of several makers the first counts. */
  async #madeOnce(path: string, make: () => string): Promise<string> {
    let text = await this.context.files.read(path);
    if (text === undefined) {
      await this.context.files.create(path, make());
      text = present(await this.context.files.read(path));
    }
    this.context.secrets.add(text);
    return text;
  }

  #hostPath(machine: string): string {
    return join(this.path, 'hosts', `${safeName('machine', machine)}.json`);
  }

  async #host(machine: string): Promise<HostKeys> {
    const path = this.#hostPath(machine);
    const text = await this.context.files.read(path);
    return text === undefined ? noHostKeys : (await import('./host-keys-file.js')).readHostKeys(path, this.name, text);
  }

  /** Reads, changes and writes a machine's keys while nobody else does, in this process or another. */
  async #changeHost(machine: string, change: (keys: HostKeys) => HostKeys): Promise<HostKeys> {
    const path = this.#hostPath(machine);
    const { before, after } = await this.#alone(path, async () => {
      const before = await this.#host(machine);
      const after = change(before);
      if (after !== before) await this.context.files.write(path, hostKeysText(after));
      return { before, after };
    });
    if (after.pins !== before.pins) await this.#followPins(machine);
    return after;
  }

  /** Brings known_hosts in step, where somebody asked for one. */
  async #followPins(machine: string): Promise<void> {
    if ((await this.context.files.read(this.knownHostsPath)) === undefined) return;
    await this.#alone(this.knownHostsPath, async () => {
      const text = (await this.context.files.read(this.knownHostsPath)) ?? '';
      const changed = withPins(text, machine, await this.pins(machine));
      if (changed !== text) await this.context.files.write(this.knownHostsPath, changed);
    });
  }

  async #alone<T>(path: string, work: () => Promise<T>): Promise<T> {
    return this.context.turns.run(path, async () => {
      const lockPath = `${path}.lock`;
      const lock = await this.#momentLock(lockPath);
      try {
        return await work();
      } finally {
        await lock.release();
      }
    });
  }

  async #momentLock(path: string): Promise<Lock> {
    const options: LockOptions = { ...this.context, files: this.context.quietFiles };
    const deadline = this.context.clock.monotonic() + turnDeadlineMs;
    for (;;) {
      const result = await tryLock(path, 'a short change', options);
      if ('lock' in result) return result.lock;
      const { clock } = this.context;
      if (clock.monotonic() > deadline)
        throw busyError(this.name, path, result.heldBy, this.context.process, clock.now());
      await this.context.clock.sleep(10);
    }
  }
}

/** Whether a file cannot be read as what it was; any other failure is thrown. */
async function isDamaged(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return false;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'WORKSPACE_CORRUPT') return true;
    throw error;
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a file that was just written is gone');
  return value;
}
