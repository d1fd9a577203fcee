import type { ClusterRequest, Problem } from '../../../src/provider/port.js';
import type { Facts } from './facts.js';
import { didYouMean } from './suggest.js';

/** Locations that do not exist, and locations whose machines could not share a private network. */
export function placeProblems(request: ClusterRequest, facts: Facts): Problem[] {
  const names = [...new Set([...request.locations, ...request.machines.map((machine) => machine.location)])];
  const known = facts.locations.map((location) => location.name);
  const unknown = names
    .filter((name) => !known.includes(name))
    .map((name): Problem => ({
      code: 'UNKNOWN_LOCATION',
      kind: 'usage',
      message: `Hetzner has no location ${name}.${didYouMean(name, known)}`,
      hint: `Known locations: ${known.join(', ')}.`,
    }));
  return [...unknown, ...zoneProblem(names, facts)];
}

function zoneProblem(names: readonly string[], facts: Facts): Problem[] {
  const zones = new Map<string, string[]>();
  for (const name of names) {
    const zone = facts.locations.find((location) => location.name === name)?.network_zone;
    if (zone !== undefined) zones.set(zone, [...(zones.get(zone) ?? []), name]);
  }
  if (zones.size < 2) return [];
  const parts = [...zones].map(([zone, members]) => `${members.join(', ')} in ${zone}`);
  return [
    {
      code: 'ZONES_APART',
      kind: 'usage',
      message: `These locations can't share a private network: ${parts.join('; ')}.`,
      hint: 'Choose locations of one network zone; a second zone is a second cluster.',
    },
  ];
}
