import { labelKeys } from '../../../src/domain/labels.js';
import { IncompleteError } from '../../../src/errors/index.js';
import type { MachineRequest } from '../../../src/provider/port.js';
import { hasCode, type HetznerError } from '../client/errors.js';
import type { WireServer } from '../wire.js';

const clusterOf = (request: MachineRequest): string => request.labels[labelKeys.cluster] ?? '';

/** At most this many machines are named one by one. */
const shown = 20;

/** The account's quota ended the create: what exists is named, and both ways on are offered. */
export function accountLimit(
  request: MachineRequest,
  existing: readonly WireServer[],
  cause: HetznerError,
): IncompleteError {
  const cluster = clusterOf(request);
  const listed = existing
    .slice(0, shown)
    .map((server) => `exists: ${server.name} (${server.server_type.name}, ${server.location.name})`);
  const rest = existing.length - listed.length;
  return new IncompleteError(
    `Hetzner refused to create ${request.name}: the account's limit is reached (${existing.length} machines of this cluster exist).`,
    {
      code: 'RESOURCE_LIMIT',
      hint:
        `Ask for a higher limit in the Hetzner console (Limits) and run the same command again; ` +
        `or lower the count in the cluster file and run \`slipway cluster apply ${cluster}\` to finish with less; ` +
        `or remove what exists with \`slipway cluster delete ${cluster}\`.`,
      details: [...listed, ...(rest > 0 ? [`and ${rest} more`] : []), ...cause.details],
      cause,
    },
  );
}

export const soldOut = (request: MachineRequest, tried: readonly string[], cause: unknown): IncompleteError =>
  new IncompleteError(
    `${request.name} could not be created: ${tried.join(', ')} ${tried.length > 1 ? 'are' : 'is'} sold out at ${request.location} now.`,
    {
      code: 'SOLD_OUT',
      hint: 'Add another type to the list in the cluster file, or another location, then run the same command again; what exists is kept.',
      cause,
    },
  );

/** Not one type but the whole location is refused, which the catalogue may go on offering. */
export const locationClosed = (request: MachineRequest, cause: HetznerError): IncompleteError =>
  new IncompleteError(
    `${request.name} could not be created: Hetzner makes no servers at ${request.location} now: the location is disabled.`,
    {
      code: 'SOLD_OUT',
      hint: 'Give the pool another location in the cluster file, or run the same command again later; what exists is kept.',
      cause,
    },
  );

export const noRoomToSpread = (request: MachineRequest, cause: unknown): IncompleteError =>
  new IncompleteError(
    `Hetzner has no host left at ${request.location} that would keep ${request.name} apart from its pool's other machines.`,
    {
      code: 'PLACEMENT',
      hint: 'Run the same command again later, or give the pool another type or another location; machines of one group never share a host.',
      cause,
    },
  );

export const isLocationClosed = (error: unknown): error is HetznerError =>
  hasCode(error, 'resource_unavailable') && /location disabled/i.test(error.message);

/** Whether the type cannot be had at the location now: sold out, or not offered there any more. */
export const isNotToBeHad = (error: unknown): boolean =>
  hasCode(error, 'resource_unavailable') ||
  (hasCode(error, 'invalid_input') && /unsupported location for server type/i.test(error.message));
