import pLimit from 'p-limit';

import { labelKeys } from '../../src/domain/labels.js';
import type { ClusterRef, Machine } from '../../src/domain/machine.js';
import { IncompleteError, messageOf, RefusedError } from '../../src/errors/index.js';
import { clusterOf } from '../../src/provider/kit/ownership.js';
import type { CallOptions, DeleteOptions, MachineRequest, Machines } from '../../src/provider/port.js';
import { TaskFailedError } from '../../src/remote/index.js';
import { rebootHost } from '../../src/remote/reboot-host.js';
import { assign } from './assign.js';
import { type Claim, claimHost, claimLabels, parseClaim, readClaim, releaseHost } from './claim.js';
import { hostId, privateAddressOf, titleOf } from './hosts.js';
import type { Inventory, ObservedHost } from './inventory.js';

/** Hosts of the file as machines: one is made by claiming a host, and deleted by releasing it. */
export class HostMachines implements Machines {
  /** Hosts chosen for machines to come, by machine name: two creates at once don't choose the same. */
  readonly #chosen = new Map<string, string>();
  readonly #choosing = pLimit(1);
  readonly #warned = new Set<string>();

  constructor(
    private readonly inventory: Inventory,
    /** Names of hosts that their owner says are lost for good. */
    private readonly lost: ReadonlySet<string>,
  ) {}

  async list(cluster: ClusterRef, options: CallOptions): Promise<readonly Machine[]> {
    const seen = await this.inventory.look(cluster, options);
    this.#warn(seen);
    const ours = await Promise.all(
      seen.flatMap((one) => (one.claim?.cluster.id === cluster.id ? [this.#machine(one, one.claim)] : [])),
    );
    const names = ours.map(({ name }) => name);
    const twice = ours.find(({ name }, index) => names.indexOf(name) !== index);
    if (!twice) return ours;
    const holders = seen.filter(({ claim }) => claim?.machine === twice.name).map(({ host }) => titleOf(host));
    throw new RefusedError(`${holders.join(' and ')} are both claimed as ${twice.name}.`, {
      code: 'CLAIMED_TWICE',
      hint: 'Stop k3s on the one that does not belong there, remove /etc/slipway/claim on it, and run the same command again.',
    });
  }

  async previewCreate(
    cluster: ClusterRef,
    requests: readonly MachineRequest[],
    options: CallOptions,
  ): Promise<ReadonlyMap<string, string>> {
    // What an earlier look promised to others is not asked for any more.
    this.#chosen.clear();
    const { hosts } = await this.#assign(cluster, requests, options);
    for (const [machine, host] of hosts) this.#chosen.set(machine, hostId(host));
    return new Map(
      requests.map(({ name }) => {
        const host = hosts.get(name);
        return [name, host ? `take ${titleOf(host)}` : 'take a host, of which none is left'];
      }),
    );
  }

  async create(request: MachineRequest, _userData: string, _made: unknown, options: CallOptions): Promise<Machine> {
    const cluster = clusterOf(request.labels);
    for (;;) {
      const chosen = await this.#choosing(() => this.#choose(cluster, request, options));
      const { host } = chosen;
      if (chosen.claim) return await this.#machine(chosen, chosen.claim);
      options.progress?.(`taking ${titleOf(host)}`);
      const session = await this.inventory.open(host, options);
      const at = new Date(this.inventory.site.clock.now()).toISOString();
      try {
        const facts = await session.run(claimHost(cluster, request, at), options);
        const { pool, role, slot, generation } = request;
        const claimedAt = facts['claimed_at'] || at;
        const distribution = request.labels[labelKeys.distribution];
        const place = { pool, role, slot, generation, distribution };
        const claim: Claim = { machine: request.name, cluster, ...place, claimedAt };
        await this.inventory.note(cluster.id, host, claim);
        return await this.#machine({ ...chosen, known: true, bootId: facts['boot_id'] }, claim);
      } catch (error) {
        if (!(error instanceof TaskFailedError) || error.taskCode !== 'HOST_TAKEN') throw error;
        // Somebody was faster: what it is now, and then another.
        const claim = parseClaim(await session.run(readClaim(), options));
        await this.inventory.note(cluster.id, host, claim);
        this.#chosen.delete(request.name);
      }
    }
  }

  describeDeletion({ host, id }: Machine): string {
    return `${host ?? id} is released: k3s, its pods and all their data are removed, and the host is left as it was found`;
  }

  async delete(machine: Pick<Machine, 'id' | 'name'>, options: CallOptions & DeleteOptions): Promise<void> {
    const seen = await this.#find(machine, options);
    if (!seen?.claim) return;
    const { host, listed, claim } = seen;
    let answered = false;
    try {
      const session = await this.inventory.open(host, options, seen.error === undefined ? 'work' : 'again');
      answered = true;
      const now = parseClaim(await session.run(readClaim(), options));
      if (now?.machine === machine.name) {
        options.progress?.(`releasing ${titleOf(host)}`);
        await session.run(releaseHost(now), options);
      }
    } catch (error) {
      options.signal.throwIfAborted();
      if (answered) throw error;
      if (listed && !options.isOff && !this.lost.has(host.name))
        throw error instanceof RefusedError ? error : unreachable(seen, error);
      this.inventory.site.say(
        `${titleOf(host)} does not answer and is given up (${messageOf(error)}). Should it come back, it must not reach the cluster: install it anew, or stop k3s on it.`,
      );
    }
    await this.inventory.note(claim.cluster.id, host, undefined);
    await this.inventory.close(host);
  }

  async reboot(machine: Pick<Machine, 'id' | 'name'>, options: CallOptions): Promise<void> {
    const seen = await this.#find(machine, options);
    if (!seen) {
      throw new IncompleteError(`No host is claimed as ${machine.name}, so none is rebooted.`, {
        code: 'NO_MACHINE',
        hint: 'See what there is: slipway cluster status',
      });
    }
    const session = await this.inventory.open(seen.host, options);
    const { boot_id: bootId = '' } = await session.run(readClaim(), options);
    await session.run(rebootHost(bootId), options);
  }

  /** The host that is the machine already, or the one it shall be. */
  async #choose(cluster: ClusterRef, request: MachineRequest, options: CallOptions): Promise<ObservedHost> {
    const seen = await this.inventory.seen(cluster, options);
    const is = seen.find(({ claim }) => claim?.cluster.id === cluster.id && claim.machine === request.name);
    if (is) return is;
    const free = seen.filter(isFree);
    const chosen = free.find(({ host }) => hostId(host) === this.#chosen.get(request.name));
    if (chosen) return chosen;
    this.#chosen.delete(request.name);
    const { hosts } = await this.#assign(cluster, [request], options);
    const host = hosts.get(request.name);
    const found = host && free.find((one) => hostId(one.host) === hostId(host));
    if (!found) {
      throw new IncompleteError(`No host is left for ${request.name}.`, {
        code: 'SOLD_OUT',
        hint: 'Add one to provider.hosts of the cluster file, then run the same command again.',
      });
    }
    this.#chosen.set(request.name, hostId(found.host));
    return found;
  }

  async #assign(cluster: ClusterRef, requests: readonly MachineRequest[], options: CallOptions) {
    const seen = await this.inventory.seen(cluster, options);
    const names = new Set(requests.map(({ name }) => name));
    const promised = new Set([...this.#chosen].filter(([name]) => !names.has(name)).map(([, id]) => id));
    const free = seen.filter((one) => isFree(one) && !promised.has(hostId(one.host))).map(({ host }) => host);
    return assign(requests, free, usedBy(seen, cluster));
  }

  /** Who shows another key is told of even when there is nothing to do: Kubernetes takes a while to notice. */
  #warn(seen: readonly ObservedHost[]): void {
    for (const { host, claim, error } of seen) {
      if (!claim || !(error instanceof RefusedError) || this.#warned.has(hostId(host))) continue;
      this.#warned.add(hostId(host));
      this.inventory.site.say(`${claim.machine} can’t be entered: ${error.message} ${error.hint ?? ''}`.trim());
    }
  }

  async #find({ id, name }: Pick<Machine, 'id' | 'name'>, options: CallOptions): Promise<ObservedHost | undefined> {
    const seen = await this.inventory.seen(undefined, options);
    return seen.find(({ host, claim }) => hostId(host) === id && claim?.machine === name);
  }

  async #machine({ host, listed, error, fullDisks }: ObservedHost, claim: Claim): Promise<Machine> {
    const { pool, role, slot, generation } = claim;
    return {
      pool,
      role,
      slot,
      generation,
      id: hostId(host),
      name: claim.machine,
      host: host.name,
      type: host.type,
      location: host.location,
      status: error === undefined ? 'running' : 'unknown',
      publicAddress: host.address,
      privateAddress: privateAddressOf(host),
      labels: claimLabels(claim),
      createdAt: claim.claimedAt,
      login: await this.inventory.login(host),
      markedForRemoval: !listed,
      nodeLabels: host.labels,
      fullDisks,
    };
  }
}

/** Free to be taken: in the file, there, and nobody's. */
export const isFree = ({ listed, claim, error }: ObservedHost): boolean => listed && !claim && error === undefined;

/** Pool and location of each machine of the cluster. */
export const usedBy = (seen: readonly ObservedHost[], cluster: ClusterRef): { pool: string; location: string }[] =>
  seen.flatMap(({ host, claim }) =>
    claim?.cluster.id === cluster.id ? [{ pool: claim.pool, location: host.location }] : [],
  );

function unreachable({ host, claim }: ObservedHost, cause: unknown): IncompleteError {
  return new IncompleteError(`${titleOf(host)} does not answer, so ${claim!.machine} cannot be released.`, {
    code: 'HOST_UNREACHABLE',
    hint: `Bring it back and run the same command again. If it is lost for good, take it out of provider.hosts, or say so: SLIPWAY_LOST_HOSTS=${host.name}`,
    cause,
  });
}
