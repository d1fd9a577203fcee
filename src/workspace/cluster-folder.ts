import type { Findings } from '../domain/findings.js';
import { Secret } from '../domain/secret.js';
import { type BusyError, SlipwayError } from '../errors/index.js';
import { type BlobStore, changeBlob, madeOnce, put, setAside } from './blob-store.js';
import { busyError, deadHolders, lockHolder, takeLock } from './cluster-lock.js';
import { ClusterNotes } from './cluster-notes.js';
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
import { journals, openJournal } from './journal.js';
import type { HolderOptions } from './lock-holder.js';
import { isLasting, LaidOver } from './laid-over.js';
import { publicKeyOf } from './openssh-key.js';
import { safeName } from './paths.js';
import { knownRecord, rememberRecord } from './known-record.js';
import { recordText } from './record-text.js';
import { recordSummary, summaryOf } from './record-summary.js';
import { kubeconfigSecrets } from './redact.js';
import type {
  ClusterFolder,
  ClusterRecord,
  Journal,
  KeyPair,
  Lock,
  LockHolder,
  OperationSummary,
  RecordSummary,
  StoredLock,
} from './types.js';

/** What the stores of all clusters of one workspace share. */
export interface ClusterContext extends HolderOptions {
  readonly generateKeyPair: (comment: string) => KeyPair;
  readonly warn: (text: string) => void;
  /** Every secret this process has seen, to keep them out of journals. */
  readonly secrets: Set<string>;
  readonly findings?: Findings | undefined;
}

/** What keeps one cluster's blobs. */
export interface ClusterBlobs {
  /** Whether paths are those of files. */
  readonly isLocal: boolean;
  /** How a person takes away a lock whose holder is gone: `remove /…/lock`. */
  readonly breakLock: string;
  readonly store: BlobStore;
  /** What people call the place of a key: a file's path. */
  where(key: string): string;
  /** Removes everything at once. */
  clear(): Promise<void>;
  /** Removes what killed runs left before `olderThan` (milliseconds since 1970). */
  sweep(olderThan: number): Promise<void>;
}

/** Milliseconds after which a temporary file is what a killed write left. */
const abandonedAfterMs = 3_600_000;

const keys = {
  record: 'record.json',
  identity: 'id_ed25519',
  nextIdentity: 'secrets/next-ssh-key',
  kubeconfig: 'kubeconfig',
  lock: 'lock',
  secret: (name: string): string => `secrets/${safeName('secret', name)}`,
  host: (machine: string): string => `hosts/${safeName('machine', machine)}.json`,
} as const;

/** Record, keys, kubeconfig, lock and journals of a cluster, whatever they are kept in. */
export class StoredCluster extends ClusterNotes implements ClusterFolder {
  readonly kubeconfigPath: string | undefined;
  readonly identityPath: string | undefined;
  readonly #store: BlobStore;

  constructor(
    readonly name: string,
    private readonly blobs: ClusterBlobs,
    private readonly context: ClusterContext,
  ) {
    super(blobs.store);
    this.#store = blobs.store;
    this.kubeconfigPath = blobs.isLocal ? blobs.where(keys.kubeconfig) : undefined;
    this.identityPath = blobs.isLocal ? blobs.where(keys.identity) : undefined;
  }

  async record(): Promise<ClusterRecord | undefined> {
    const text = await this.#read(keys.record);
    if (text === undefined) return undefined;
    const { findings, clock } = this.context;
    const known = findings && knownRecord(text, findings, clock.now());
    if (known) return known;
    // Forms that are read are checked by what is only loaded for that.
    const record = (await import('./record.js')).readRecord(this.blobs.where(keys.record), this.name, text);
    if (findings) rememberRecord(text, record, findings);
    return record;
  }

  async summary(): Promise<RecordSummary | undefined> {
    const text = await this.#read(keys.record);
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
    await put(this.#store, keys.record, recordText(record));
  }

  async replaceRecord(record: ClusterRecord): Promise<void> {
    if (await isDamaged(() => this.record())) await setAside(this.#store, keys.record, this.#asideSuffix);
    await put(this.#store, keys.record, recordText(record));
  }

  async newIdentity(): Promise<KeyPair> {
    return this.replaceIdentity(this.context.generateKeyPair(this.#keyComment).privateKey);
  }

  async replaceIdentity(privateKey: Secret): Promise<KeyPair> {
    const text = privateKey.reveal();
    this.context.secrets.add(text);
    const there = await this.#read(keys.identity);
    if (there !== undefined && there !== text) await setAside(this.#store, keys.identity, this.#asideSuffix);
    if (there !== text) await put(this.#store, keys.identity, text);
    return this.#identityOf(text);
  }

  async identity(): Promise<KeyPair> {
    const make = (): string => this.context.generateKeyPair(this.#keyComment).privateKey.reveal();
    return this.#identityOf(await this.#madeOnce(keys.identity, make));
  }

  async storedIdentity(): Promise<KeyPair | undefined> {
    const text = await this.#read(keys.identity);
    if (text === undefined) return undefined;
    this.context.secrets.add(text);
    return this.#identityOf(text);
  }

  async nextIdentity(): Promise<KeyPair> {
    const make = (): string => this.context.generateKeyPair(this.#keyComment).privateKey.reveal();
    return this.#pairIn(keys.nextIdentity, await this.#madeOnce(keys.nextIdentity, make));
  }

  async storedNextIdentity(): Promise<KeyPair | undefined> {
    const text = await this.#read(keys.nextIdentity);
    return text === undefined ? undefined : this.#pairIn(keys.nextIdentity, text);
  }

  async swapIdentity(): Promise<KeyPair> {
    const { privateKey } = await this.nextIdentity();
    // In place of the one before, which every machine is about to forget: nothing is set aside.
    await put(this.#store, keys.identity, privateKey.reveal());
    return this.#identityOf(privateKey.reveal());
  }

  async forgetNextIdentity(): Promise<void> {
    await this.#store.remove(keys.nextIdentity);
  }

  get #keyComment(): string {
    return `slipway-${this.name}`;
  }

  /** `2026-11-20T10-00-00Z.old` */
  get #asideSuffix(): string {
    return `${new Date(this.context.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}Z.old`;
  }

  async #identityOf(privateKey: string): Promise<KeyPair> {
    const pair = this.#pairIn(keys.identity, privateKey);
    // The private half is the truth; a kill may have come between the two files.
    const half = `${keys.identity}.pub`;
    if ((await this.#read(half))?.trim() !== pair.publicKey) await put(this.#store, half, `${pair.publicKey}\n`);
    return pair;
  }

  #pairIn(place: string, privateKey: string): KeyPair {
    const key = publicKeyOf(privateKey);
    if (key === undefined) throw corruptFile(this.blobs.where(place), 'it is not an OpenSSH private key', this.name);
    this.context.secrets.add(privateKey);
    return { publicKey: `${key} ${this.#keyComment}`, privateKey: new Secret(privateKey) };
  }

  async secret(name: string, make: () => string): Promise<Secret> {
    return new Secret(await this.#madeOnce(keys.secret(name), make));
  }

  async storedSecret(name: string): Promise<Secret | undefined> {
    const text = await this.#read(keys.secret(name));
    if (text === undefined) return undefined;
    this.context.secrets.add(text);
    return new Secret(text);
  }

  async replaceSecret(name: string, value: Secret): Promise<void> {
    this.context.secrets.add(value.reveal());
    await put(this.#store, keys.secret(name), value.reveal());
  }

  async forgetSecret(name: string): Promise<void> {
    await this.#store.remove(keys.secret(name));
  }

  async firstHostKey(machine: string): Promise<KeyPair> {
    const { first } = await this.#changeHost(machine, (keys) =>
      keys.first ? keys : withFirst(this.context.generateKeyPair(machine)),
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
    // What cannot be read is not needed for this, and is kept aside.
    if (await isDamaged(() => this.#host(machine))) await setAside(this.#store, keys.host(machine), this.#asideSuffix);
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
    await this.#store.remove(keys.host(machine));
  }

  hostKeysPlace(machine: string): string {
    return this.blobs.where(keys.host(machine));
  }

  async kubeconfig(): Promise<Secret | undefined> {
    const text = await this.#read(keys.kubeconfig);
    if (text === undefined) return undefined;
    this.#keepOut(text);
    return new Secret(text);
  }

  async saveKubeconfig(text: Secret): Promise<void> {
    this.#keepOut(text.reveal());
    await put(this.#store, keys.kubeconfig, text.reveal());
  }

  async lock(operation: string): Promise<Lock> {
    const result = await takeLock(this.#store, keys.lock, operation, this.context);
    if ('heldBy' in result) throw this.#busy(result.heldBy);
    await this.blobs.sweep(this.context.clock.now() - abandonedAfterMs);
    return result.lock;
  }

  async holder(): Promise<LockHolder | undefined> {
    return lockHolder(this.#store, keys.lock, this.context);
  }

  async refuseBusy(): Promise<void> {
    const holder = await this.holder();
    if (holder) throw this.#busy(holder);
  }

  async deadRuns(): Promise<readonly string[]> {
    return deadHolders(this.#store, keys.lock, this.context);
  }

  #busy(holder: LockHolder): BusyError {
    const { clock, process } = this.context;
    return busyError(this.name, this.blobs.breakLock, holder, process, clock.now());
  }

  async storedLock(): Promise<StoredLock | undefined> {
    const there = await this.#store.read(keys.lock);
    if (!there) return undefined;
    const holder = (await import('./lock-file.js')).parseHolder(there.text);
    return { holder, remove: () => this.#store.remove(keys.lock, there.version) };
  }

  async journal(operation: string): Promise<Journal> {
    const { secrets } = this.context;
    return openJournal(this.#store, operation, { ...this.context, secrets: () => [...secrets] });
  }

  async history(): Promise<readonly OperationSummary[]> {
    const summaries: OperationSummary[] = [];
    for (const { id, key } of await journals(this.#store)) {
      const text = await this.#read(key);
      if (text !== undefined) summaries.push((await import('./history.js')).summarise(id, text));
    }
    return summaries;
  }

  async contents(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const key of (await this.#store.list('')).filter(isLasting)) {
      const text = await this.#read(key);
      if (text !== undefined) found[key] = text;
    }
    return found;
  }

  async fill(contents: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const missing: string[] = [];
    // The record last: with it the cluster is known, and then all of the rest is there.
    const record = (key: string): number => Number(key === keys.record);
    for (const key of Object.keys(contents)
      .filter(isLasting)
      .sort((a, b) => record(a) - record(b)))
      if (await this.#store.create(key, contents[key]!)) missing.push(key);
    return missing;
  }

  asFilled(contents: Readonly<Record<string, string>>): ClusterFolder {
    const store = new LaidOver(this.#store, new Map(Object.entries(contents).filter(([key]) => isLasting(key))));
    const untouched = (): Promise<void> => Promise.resolve();
    return new StoredCluster(this.name, { ...this.blobs, store, clear: untouched, sweep: untouched }, this.context);
  }

  async keepsAnything(): Promise<boolean> {
    return (await this.#store.list('')).some((key) => key !== keys.lock);
  }

  async remove(): Promise<void> {
    await this.blobs.clear();
  }

  /** Keeps a kubeconfig's credentials out of the journal. */
  #keepOut(kubeconfig: string): void {
    for (const secret of kubeconfigSecrets(kubeconfig)) this.context.secrets.add(secret);
  }

  async #read(key: string): Promise<string | undefined> {
    return (await this.#store.read(key))?.text;
  }

  async #madeOnce(key: string, make: () => string): Promise<string> {
    const text = await madeOnce(this.#store, key, make);
    this.context.secrets.add(text);
    return text;
  }

  async #host(machine: string): Promise<HostKeys> {
    return this.#hostKeysIn(machine, await this.#read(keys.host(machine)));
  }

  async #hostKeysIn(machine: string, text: string | undefined): Promise<HostKeys> {
    if (text === undefined) return noHostKeys;
    return (await import('./host-keys-file.js')).readHostKeys(this.hostKeysPlace(machine), this.name, text);
  }

  /** Reads, changes and writes a machine's keys while nobody else does, in this process or another. */
  async #changeHost(machine: string, change: (keys: HostKeys) => HostKeys): Promise<HostKeys> {
    let after = noHostKeys;
    await changeBlob(this.#store, keys.host(machine), async (text) => {
      const before = await this.#hostKeysIn(machine, text);
      after = change(before);
      return after === before && text !== undefined ? text : hostKeysText(after);
    });
    return after;
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
  if (value === undefined) throw new TypeError('a key that was just made is gone');
  return value;
}
