import { clusterOf } from './ownership.js';
import { IncompleteError } from '../../errors/index.js';
import type { MachineRequest } from '../port.js';

/** At most this many machines are named one by one. */
const shown = 20;

/** The account's quota ended the create: what exists is named, and both ways on are offered. */
export function accountLimit(
  words: { readonly title: string; readonly limitsPage: string },
  request: MachineRequest,
  existing: readonly { readonly name: string; readonly type: string; readonly location: string }[],
  cause?: { readonly details?: readonly string[] | undefined },
): IncompleteError {
  const cluster = clusterOf(request.labels).name;
  const listed = existing.slice(0, shown).map(({ name, type, location }) => `exists: ${name} (${type}, ${location})`);
  const rest = existing.length - listed.length;
  return new IncompleteError(
    `${words.title} refused to create ${request.name}: the account's limit is reached (${existing.length} machines of this cluster exist).`,
    {
      code: 'RESOURCE_LIMIT',
      hint:
        `Ask for a higher limit in ${words.limitsPage} and run the same command again; ` +
        `or lower the count in the cluster file and run \`slipway cluster apply ${cluster}\` to finish with less; ` +
        `or remove what exists with \`slipway cluster delete ${cluster}\`.`,
      details: [...listed, ...(rest > 0 ? [`and ${rest} more`] : []), ...(cause?.details ?? [])],
      cause,
    },
  );
}

export const soldOut = (request: MachineRequest, tried: readonly string[], cause?: unknown): IncompleteError =>
  new IncompleteError(
    `${request.name} could not be created: ${tried.join(', ')} ${tried.length > 1 ? 'are' : 'is'} sold out at ${request.location} now.`,
    {
      code: 'SOLD_OUT',
      hint: 'Add another type to the list in the cluster file, or another location, then run the same command again; what exists is kept.',
      cause,
    },
  );
