import pLimit from 'p-limit';

import { labelKeys } from '../../src/domain/labels.js';
import type { Machine } from '../../src/domain/machine.js';
import type { LibvirtSpec } from '../../src/domain/spec/libvirt.js';
import { placeOf } from '../../src/provider/kit/ownership.js';
import type { CallOptions } from '../../src/provider/port.js';
import { groupOf, type Room, type Tenant } from './placement.js';
import type { Hypervisor } from './virsh.js';
import { type Capabilities, type Domain, type Mark, readCapabilities, readDomain, readPool } from './xml.js';

export interface SeenDomain extends Domain {
  readonly host: Hypervisor;
  readonly status: Machine['status'];
}

export type OurDomain = SeenDomain & { readonly mark: Mark };

/** Of a machine of ours its own, which the domain’s may have been before it was given another place. */
export const nameOf = ({ name, mark }: Pick<Domain, 'name' | 'mark'>): string => mark?.name ?? name;

export const hasMark = (domain: SeenDomain): domain is OurDomain => domain.mark !== undefined;

export interface View {
  readonly host: Hypervisor;
  readonly capabilities: Capabilities;
  readonly pool: ReturnType<typeof readPool>;
  readonly domains: readonly SeenDomain[];
}

/** Calls to one host at once; an SSH server takes ten. */
const callsAtOnce = 6;

/** What the hosts have and what is on them. A look is kept for creates, which add what they are about to make. */
export class Inventory {
  #seen: Promise<readonly View[]> | undefined;
  readonly #capabilities = new Map<string, Capabilities>();
  readonly #coming = new Map<string, Tenant & { readonly host: string }>();

  constructor(
    readonly spec: LibvirtSpec,
    readonly hosts: readonly Hypervisor[],
  ) {}

  look(options: CallOptions): Promise<readonly View[]> {
    const looking = Promise.all(this.hosts.map((host) => this.lookAt(host, options)));
    this.#seen = looking;
    looking.catch(() => this.forget());
    return looking;
  }

  seen(options: CallOptions): Promise<readonly View[]> {
    return this.#seen ?? this.look(options);
  }

  forget(): void {
    this.#seen = undefined;
  }

  /** @throws VirshError */
  async lookAt(host: Hypervisor, options: CallOptions): Promise<View> {
    const capabilities = await this.#capabilitiesOf(host, options);
    const limit = pLimit(callsAtOnce);
    // Of a pool that is not started it would tell what it had once.
    await host.read(['pool-refresh', host.spec.pool], options);
    const [pool, uuids] = await Promise.all([
      host.read(['pool-dumpxml', host.spec.pool], options),
      host.names(['list', '--all', '--uuid'], options),
    ]);
    const domains = await Promise.all(uuids.map((uuid) => limit(() => domainAt(host, uuid, options))));
    return { host, capabilities, pool: readPool(pool), domains: domains.filter((one) => one !== undefined) };
  }

  /** They stay as they are; to tell them anew, libvirt starts QEMU a few times. */
  async #capabilitiesOf(host: Hypervisor, options: CallOptions): Promise<Capabilities> {
    const known = this.#capabilities.get(host.name) ?? readCapabilities(await host.read(['capabilities'], options));
    this.#capabilities.set(host.name, known);
    return known;
  }

  /** By name or id, as it is now, wherever it is. */
  async find(nameOrId: string, options: CallOptions): Promise<SeenDomain | undefined> {
    const found = await Promise.all(this.hosts.map((host) => domainAt(host, nameOrId, options)));
    return found.find((one) => one !== undefined);
  }

  /** The machine of that name, whatever its domain is called. Of those with other names the last look counts. */
  async named(name: string, options: CallOptions): Promise<SeenDomain | undefined> {
    const direct = await this.find(name, options);
    if (direct && nameOf(direct) === name) return direct;
    const all = (await this.seen(options)).flatMap(({ domains }) => domains);
    const renamed = all.find((one) => nameOf(one) === name);
    return renamed && this.find(renamed.uuid, options);
  }

  /** @throws VirshError */
  async ours(options: CallOptions): Promise<OurDomain[]> {
    return (await this.look(options)).flatMap(({ domains }) => domains.filter(hasMark));
  }

  expect(host: Hypervisor, tenant: Tenant): void {
    this.#coming.set(tenant.uuid, { ...tenant, host: host.name });
  }

  unexpect(uuid: string): void {
    this.#coming.delete(uuid);
  }

  roomOf({ host, capabilities, pool, domains }: View): Room {
    const { name, location, reserve, machines } = host.spec;
    const there = domains.map(({ uuid, memoryMiB, mark }): Tenant => {
      const group = mark && groupOf(mark.labels[labelKeys.clusterId] ?? '', placeOf(mark.labels).pool);
      return { uuid, memoryMiB, diskBytes: 0, group, address: mark?.address };
    });
    const coming = [...this.#coming.values()].filter(
      (one) => one.host === name && !there.some(({ uuid }) => uuid === one.uuid),
    );
    return {
      ...{ host: name, location, machines, cpus: capabilities.cpus },
      memoryMiB: capabilities.memoryMiB - reserve * 1024,
      freeBytes: pool.availableBytes,
      tenants: [...there, ...coming],
    };
  }
}

async function domainAt(host: Hypervisor, nameOrId: string, options: CallOptions): Promise<SeenDomain | undefined> {
  const [xml, state] = await Promise.all([
    host.find(['dumpxml', nameOrId], options),
    host.find(['domstate', nameOrId], options),
  ]);
  // Gone between the two, it is gone.
  if (xml === undefined || state === undefined) return undefined;
  return { ...readDomain(xml), host, status: statuses[state.trim()] ?? 'unknown' };
}

const statuses: Readonly<Record<string, Machine['status']>> = {
  running: 'running',
  idle: 'running',
  'in shutdown': 'stopping',
  'shut off': 'off',
  crashed: 'off',
};
