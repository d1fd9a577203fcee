import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { hasCode } from '../../../src/http/api/errors.js';
import { isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { accountLimit, soldOut } from '../../../src/provider/kit/shortages.js';
import { labelKeys } from '../../../src/domain/labels.js';
import type { Machine } from '../../../src/domain/machine.js';
import type { CallOptions, InfrastructureIds, MachineRequest } from '../../../src/provider/port.js';
import { type Hetzner, waits } from '../context.js';
import { madeId } from '../infrastructure/resource.js';
import { spareGroup } from '../infrastructure/placement.js';
import { resourceIds, placementGroupOf, account } from '../names.js';
import { actionShape, serverShape, type WireAction, type WireServer } from '../wire.js';
import { isLocationClosed, isNotToBeHad, limits, locationClosed, noRoomToSpread } from './errors.js';
import { toMachine } from './map.js';
import { completed, gone } from './converge.js';
import type { Attachments } from './pending.js';

const createAnswer = z.object({
  server: serverShape,
  action: actionShape,
  next_actions: z.array(actionShape),
});

/** What a create needs to look up once for all machines. */
export interface Lookups {
  sshKeyName(id: number, options: CallOptions): Promise<string>;
  /** The types of the request that are offered at its location, in its order. */
  offered(request: MachineRequest, options: CallOptions): Promise<readonly string[]>;
  /** What to order a machine of this type from: a snapshot of ours by its id, as it has no name that Hetzner knows. */
  image(name: string, type: string, options: CallOptions): Promise<string>;
  /** Servers with the cluster's label. */
  servers(clusterId: string, options: CallOptions): Promise<readonly WireServer[]>;
}

interface Job {
  readonly hetzner: Hetzner;
  readonly lookups: Lookups;
  readonly request: MachineRequest;
  readonly userData: string;
  readonly sshKey: string;
  readonly footing: Attachments;
  readonly group: number;
  readonly options: CallOptions;
}

export async function createMachine(
  hetzner: Hetzner,
  lookups: Lookups,
  request: MachineRequest,
  userData: string,
  made: InfrastructureIds,
  options: CallOptions,
): Promise<Machine> {
  const job: Job = {
    hetzner,
    lookups,
    request,
    userData,
    options,
    sshKey: await lookups.sshKeyName(madeId(made, resourceIds.sshKey), options),
    footing: { network: madeId(made, resourceIds.network), firewall: madeId(made, resourceIds.firewall) },
    group: madeId(made, resourceIds.placement(request.pool, placementGroupOf(request))),
  };
  for (;;) {
    const server = await ordered(job);
    if (!isOurs(server, request.labels[labelKeys.clusterId] ?? '')) throw nameTakenError(account, 'server', server);
    if (server.status !== 'deleting') return toMachine(await completed(hetzner, server, job.footing, options));
    // An earlier delete of the very same name is still under way; the name is free after it.
    await gone(hetzner, server, options);
  }
}

/** What kept all types from being had at a location. */
interface Shortage {
  readonly tried: readonly string[];
  readonly refusal: unknown;
}

/** Orders the first type that is to be had at the first location that has one, or finds the server that has the name. */
async function ordered(job: Job): Promise<WireServer> {
  const { request, options } = job;
  const places = [request.location, ...(request.elsewhere ?? [])];
  let last: Shortage | undefined;
  for (const [at, location] of places.entries()) {
    const answer = await orderedAt({ ...job, request: { ...request, location } });
    if ('id' in answer) return answer;
    last = answer;
    const next = places[at + 1];
    if (next !== undefined) options.progress?.(`${location} has none of ${request.types.join(', ')}: trying ${next}`);
  }
  throw shortageError({ ...request, location: places.join(' and ') }, last!, places.length > 1);
}

function shortageError(request: MachineRequest, { tried, refusal }: Shortage, isMixed: boolean): Error {
  if (isMixed) return soldOut(request, tried, refusal);
  if (isLocationClosed(refusal)) return locationClosed(request, refusal);
  if (hasCode(refusal, 'placement_error')) return noRoomToSpread(request, refusal);
  return soldOut(request, tried, refusal);
}

async function orderedAt(job: Job): Promise<WireServer | Shortage> {
  const { request, lookups, options } = job;
  const types = await lookups.offered(request, options);
  let refusal: unknown;
  for (const type of types) {
    try {
      return await order(job, type, job.group);
    } catch (error) {
      if (hasCode(error, 'resource_limit_exceeded')) {
        const clusterId = request.labels[labelKeys.clusterId] ?? '';
        const existing = await lookups.servers(clusterId, options);
        const own = existing.find((server) => server.name === request.name);
        if (own) return own;
        throw accountLimit(limits, request, existing.map(toMachine), error);
      }
      if (hasCode(error, 'placement_error')) {
        const server = await elsewhere(job, type);
        if (server) return server;
      } else if (!isNotToBeHad(error)) throw error;
      refusal = error;
      if (isLocationClosed(error)) break;
      options.progress?.(`no ${type} is to be had at ${request.location}`);
    }
  }
  return (await find(job)) ?? { tried: types.length > 0 ? types : request.types, refusal };
}

/**
 * A full group is no reason to stop: while a machine is replaced its pool is one larger than its slots. Undefined when
 * the group is not full, or no host is left that would keep the machine apart; another type may still have one.
 */
async function elsewhere(job: Job, type: string): Promise<WireServer | undefined> {
  const existing = await find(job);
  if (existing) return existing;
  const group = await spareGroup(job.hetzner, job.request, job.options);
  if (group === job.group) return undefined;
  try {
    return await order(job, type, group);
  } catch (error) {
    if (hasCode(error, 'placement_error') || isNotToBeHad(error)) return undefined;
    throw error;
  }
}

async function order(job: Job, type: string, group: number): Promise<WireServer> {
  const { hetzner, request, options } = job;
  const body = {
    name: request.name,
    server_type: type,
    image: await job.lookups.image(request.image, type, options),
    location: request.location,
    ssh_keys: [job.sshKey],
    user_data: job.userData,
    labels: request.labels,
    networks: [job.footing.network],
    firewalls: [{ firewall: job.footing.firewall }],
    placement_group: group,
    public_net: { enable_ipv4: true, enable_ipv6: true },
    start_after_create: true,
  };
  return createNamed(
    waits(hetzner, options),
    async () => {
      const created = await hetzner.api.post('/servers', body, createAnswer, options);
      options.progress?.(`ordered a ${type} at ${request.location}`);
      if (!(await followed(hetzner, created.next_actions, options))) {
        await hetzner.actions.wait([created.action], options);
        if (created.next_actions.length > 0) options.progress?.('a step after the create failed; trying it again');
      }
      return created.server;
    },
    () => find(job),
  );
}

/**
 * Whether what follows the create (start, attach) came to a good end, which the create then did too: a third fewer
 * actions to ask for. Where not, the create itself says whether there is a server, and `completed` repairs the rest.
 */
async function followed(hetzner: Hetzner, actions: readonly WireAction[], options: CallOptions): Promise<boolean> {
  const results = await Promise.allSettled(actions.map((action) => hetzner.actions.wait([action], options)));
  options.signal.throwIfAborted();
  return actions.length > 0 && results.every((result) => result.status === 'fulfilled');
}

async function find({ hetzner, request, options }: Job): Promise<WireServer | undefined> {
  return (await hetzner.api.list('/servers', 'servers', serverShape, options, { name: request.name }))[0];
}
