import { type ApiError, hasCode } from '../../../src/http/api/errors.js';
import { IncompleteError } from '../../../src/errors/index.js';
import type { MachineRequest } from '../../../src/provider/port.js';

/** Where the account's limits are told and raised. */
export const limits = { title: 'Hetzner', limitsPage: 'the Hetzner console (Limits)' };

/** Not one type but the whole location is refused, which the catalogue may go on offering. */
export const locationClosed = (request: MachineRequest, cause: ApiError): IncompleteError =>
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

export const isLocationClosed = (error: unknown): error is ApiError =>
  hasCode(error, 'resource_unavailable') && /location disabled/i.test(error.message);

/** Whether the type cannot be had at the location now: sold out, or not offered there any more. */
export const isNotToBeHad = (error: unknown): boolean =>
  hasCode(error, 'resource_unavailable') ||
  (hasCode(error, 'invalid_input') && /unsupported location for server type/i.test(error.message));
