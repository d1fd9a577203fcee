import pLimit from 'p-limit';

import type { Clock } from '../../src/domain/clock.js';
import type { ClusterRef, FullDisk, MachineLogin } from '../../src/domain/machine.js';
import type { HostSpec } from '../../src/domain/spec/hosts.js';
import type { CallOptions } from '../../src/provider/port.js';
import { loginTarget } from '../../src/remote/index.js';
import type { Remote, Session } from '../../src/remote/types.js';
import { type Claim, parseClaim, parseFullDisks, readClaim } from './claim.js';
import { hostId, loginOf } from './hosts.js';
import type { LoginKey } from '../../src/remote/login-key.js';
import { ClaimCache, type CachedClaim } from './memory.js';

/** What the provider works with. */
export interface HostDeps {
  /** Those of the file. */
  readonly hosts: readonly HostSpec[];
  /** The key to log in with, read when a host is entered first. @throws UsageError where it cannot be used */
  key(): Promise<LoginKey>;
  readonly remote: Remote;
  readonly clock: Clock;
  readonly stateFolder: string;
  /** Milliseconds that hosts have to answer in. */
  readonly timeouts: HostTimeouts;
  /** Whether a port can be reached from this computer, by an answer of any kind; a refusal is one. */
  reaches(address: string, port: number, options: CallOptions): Promise<boolean>;
  /** A word for people. */
  say(text: string): void;
}

export interface HostTimeouts {
  /** Where a host is only looked at. */
  readonly look: number;
  /** Where something is to be done to it. */
  readonly work: number;
  /** Where it did not answer a moment ago, and something is to be done to it. */
  readonly again: number;
  /** Where it did not answer a moment ago, and is only looked at. */
  readonly brief: number;
}

/** A host, and what it is used for. */
export interface ObservedHost {
  readonly host: HostSpec;
  /** False for one that was taken out of the file, and is known from before. */
  readonly listed: boolean;
  /** Undefined when it is free. Where the host did not answer, what was known of it last. */
  readonly claim: Claim | undefined;
  /** Why it could not be looked at. */
  readonly error?: unknown;
  /** False for a host that did not answer and was never seen before: it may be anybody's. */
  readonly known: boolean;
  /** Of the start it is in, where it answered. */
  readonly bootId?: string | undefined;
  /** Disks of its that are all but full, where it answered. */
  readonly fullDisks?: readonly FullDisk[] | undefined;
}

/** The hosts there are. They tell by themselves what they are used for; a memory helps while one does not answer. */
export class Inventory {
  readonly #memories: ClaimCache;
  #seen: Promise<readonly ObservedHost[]> | undefined;
  /** Each note is laid over the one before. */
  readonly #noting = pLimit(1);

  constructor(readonly site: HostDeps) {
    this.#memories = new ClaimCache(site.stateFolder);
  }

  /** Looks at every host of the file, and at those the cluster (else: any cluster) had before. Remembers what it saw. */
  async look(cluster: ClusterRef | undefined, options: CallOptions): Promise<readonly ObservedHost[]> {
    const looking = this.#look(cluster, (await this.#seen?.catch(() => undefined)) ?? [], options);
    this.#seen = looking;
    return looking;
  }

  /** What was seen last in this run, or a look. */
  async seen(cluster: ClusterRef | undefined, options: CallOptions): Promise<readonly ObservedHost[]> {
    return this.#seen ?? this.look(cluster, options);
  }

  /** Notes what has just been done to a host. */
  async note(clusterId: string, host: HostSpec, claim: Claim | undefined): Promise<void> {
    return this.#noting(() => this.#note(clusterId, host, claim));
  }

  async #note(clusterId: string, host: HostSpec, claim: Claim | undefined): Promise<void> {
    const id = hostId(host);
    const seen = (await this.#seen) ?? [];
    this.#seen = Promise.resolve(
      seen.map((one) => (hostId(one.host) === id ? { host, listed: one.listed, known: true, claim } : one)),
    );
    const memory = await this.#memories.read(clusterId);
    const claimed = new Map(memory.claimed);
    const others = new Set(memory.others);
    claimed.delete(id);
    others.delete(id);
    if (claim?.cluster.id === clusterId) claimed.set(id, { host, claim });
    else others.add(id);
    await this.#memories.write(clusterId, { claimed, others });
  }

  async login(host: HostSpec): Promise<MachineLogin> {
    return loginOf(host, await this.site.key());
  }

  /** Logs in to a host by its own name. @throws as `Remote.connect` */
  async open(host: HostSpec, options: CallOptions, timeouts: keyof HostTimeouts = 'work'): Promise<Session> {
    const { remote, timeouts: limits } = this.site;
    // One that was left behind by a change of the file may have the name of one that is in it.
    const target = { ...loginTarget(host.name, await this.login(host)), id: hostId(host) };
    return remote.connect(target, limits[timeouts], options);
  }

  /** Ends the session to a host. */
  async close(host: HostSpec): Promise<void> {
    await this.site.remote.disconnect(hostId(host));
  }

  /** @param before what was seen earlier in this run: who was silent then gets less time now */
  async #look(
    cluster: ClusterRef | undefined,
    before: readonly ObservedHost[],
    options: CallOptions,
  ): Promise<readonly ObservedHost[]> {
    // Without a key every host would be silent, for a reason that is none of theirs.
    await this.site.key();
    const memory = await (cluster ? this.#memories.read(cluster.id) : this.#memories.all());
    const listed = new Set(this.site.hosts.map(hostId));
    const left = [...memory.claimed.values()].map(({ host }) => host).filter((host) => !listed.has(hostId(host)));
    const all = [...this.site.hosts, ...left];
    const silent = new Set(before.flatMap(({ host, error }) => (error === undefined ? [] : [hostId(host)])));
    options.progress?.(`asking ${all.length} hosts what they are used for`);
    const looked = await Promise.all(
      all.map(async (host): Promise<ObservedHost> => {
        const id = hostId(host);
        const last = memory.claimed.get(id)?.claim;
        const base = { host, listed: listed.has(id) };
        try {
          const session = await this.open(host, options, silent.has(id) ? 'brief' : 'look');
          const facts = await session.run(readClaim(), options);
          const [claim, fullDisks] = [parseClaim(facts), parseFullDisks(facts)];
          return { ...base, known: true, claim, bootId: facts['boot_id'], fullDisks };
        } catch (error) {
          options.signal.throwIfAborted();
          return { ...base, known: last !== undefined || memory.others.has(id), claim: last, error };
        }
      }),
    );
    const seen = looked.filter((one) => one.listed || !looked.some((other) => other.listed && sameMachine(one, other)));
    if (cluster) await this.#remember(cluster, memory, seen);
    return seen;
  }

  async #remember(cluster: ClusterRef, before: CachedClaim, seen: readonly ObservedHost[]): Promise<void> {
    const known = seen.filter((one) => one.known);
    const claimed = known.flatMap(({ host, claim }) =>
      claim?.cluster.id === cluster.id ? [[hostId(host), { host, claim }] as const] : [],
    );
    const others = known.filter(({ claim }) => claim?.cluster.id !== cluster.id).map(({ host }) => hostId(host));
    const memory: CachedClaim = { claimed: new Map(claimed), others: new Set(others) };
    const text = ({ claimed: map, others: set }: CachedClaim): string =>
      JSON.stringify([[...map].sort(), [...set].sort()]);
    if (text(memory) !== text(before)) await this.#memories.write(cluster.id, memory);
  }
}

/** Whether two endpoints lead to one machine: what is claimed lies on it, and clones of its disk were started on their own. */
function sameMachine(one: ObservedHost, other: ObservedHost): boolean {
  if (!one.claim || !other.claim) return false;
  if (one.bootId && other.bootId && one.bootId !== other.bootId) return false;
  const of = ({ machine, cluster, claimedAt }: Claim): string => JSON.stringify([cluster.id, machine, claimedAt]);
  return of(one.claim) === of(other.claim);
}
