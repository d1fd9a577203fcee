import { bySlot } from '../../src/domain/machine.js';
import type { HostSpec } from '../../src/domain/spec/hosts.js';
import type { MachineRequest } from '../../src/provider/port.js';
import { hostId } from './hosts.js';

/** The word for a type or a location that nobody has named. */
export const any = 'any';

type Host = Pick<HostSpec, 'address' | 'port' | 'jump' | 'type' | 'location'>;
type Request = Pick<MachineRequest, 'name' | 'pool' | 'role' | 'slot' | 'generation' | 'types' | 'location'>;

export interface Assignment<H extends Host = HostSpec> {
  /** By machine name. */
  readonly hosts: ReadonlyMap<string, H>;
  /** Requests for which no fitting host is left. */
  readonly without: readonly Request[];
}

/** How well a host fits a request: a smaller number fits better; undefined when it does not. */
export function fit(host: Pick<Host, 'type' | 'location'>, { types, location }: Pick<Request, 'types' | 'location'>) {
  if (location !== any && location !== host.location) return undefined;
  const rank = types.findIndex((type) => type === any || type === host.type);
  if (rank < 0) return undefined;
  // A host of a named type is kept for those who ask for it by its name.
  return rank * 2 + (types[rank] === any && host.type !== any ? 1 : 0);
}

/**
 * Gives free hosts to requests: as many as possible get one, control planes first, each pool spread over locations,
 * and otherwise in the order of the file. The same input gives the same answer.
 * @param used the pool and location of each machine there is, for the spreading
 */
export function assign<H extends Host>(
  requests: readonly Request[],
  free: readonly H[],
  used: readonly { readonly pool: string; readonly location: string }[] = [],
): Assignment<H> {
  const ordered = [...requests].sort(bySlot);
  const holder = new Map<string, Request>();
  const hostOf = new Map<string, H>();

  const crowd = (pool: string, location: string): number =>
    used.filter((one) => one.pool === pool && one.location === location).length +
    [...holder].filter(([id, one]) => one.pool === pool && placeOf(id) === location).length;
  const places = new Map(free.map((host) => [hostId(host), host.location]));
  const placeOf = (id: string): string | undefined => places.get(id);

  const candidates = (request: Request): H[] =>
    free
      .map((host, order) => ({ host, order, rank: fit(host, request) }))
      .filter((one): one is { host: H; order: number; rank: number } => one.rank !== undefined)
      .map((one) => ({ ...one, crowd: crowd(request.pool, one.host.location) }))
      .sort((a, b) => a.rank - b.rank || a.crowd - b.crowd || a.order - b.order)
      .map(({ host }) => host);

  /** Finds a host, moving earlier requests to others where that makes room. */
  const place = (request: Request, tried: Set<string>): boolean => {
    const fitting = candidates(request).filter((host) => !tried.has(hostId(host)));
    const open = fitting.find((host) => !holder.has(hostId(host)));
    const take = (host: H): true => {
      holder.set(hostId(host), request);
      hostOf.set(request.name, host);
      return true;
    };
    if (open) return take(open);
    for (const host of fitting) {
      tried.add(hostId(host));
      if (place(holder.get(hostId(host))!, tried)) return take(host);
    }
    return false;
  };

  const without = ordered.filter((request) => !place(request, new Set()));
  return { hosts: hostOf, without };
}
