import { nearest } from '../../../src/domain/nearest.js';
import type { ClusterRequest, MachineRequest, Problem } from '../../../src/provider/port.js';
import { any, assign } from '../assign.js';
import { titleOf } from '../hosts.js';
import type { ObservedHost } from '../inventory.js';
import { usedBy } from '../machines.js';

/** Machines that are asked for and have no host yet. */
export function missing(
  { cluster, machines }: ClusterRequest,
  seen: readonly ObservedHost[],
): readonly MachineRequest[] {
  const there = new Set(seen.flatMap(({ claim }) => (claim?.cluster.id === cluster.id ? [claim.machine] : [])));
  return machines.filter(({ name }) => !there.has(name));
}

/** Words no host has, and requests for which no host is left. */
export function roomProblems(request: ClusterRequest, seen: readonly ObservedHost[]): Problem[] {
  const hosts = seen.filter(({ listed }) => listed).map(({ host }) => host);
  const desired = missing(request, seen);
  const unknown = [
    ...unknownWords('type', new Set(desired.flatMap(({ types }) => types)), new Set(hosts.map(({ type }) => type))),
    ...unknownWords(
      'location',
      new Set(desired.map(({ location }) => location)),
      new Set(hosts.map(({ location }) => location)),
    ),
  ];
  if (unknown.length > 0) return unknown;
  // One that can't be entered is told of by itself; it may well be free.
  const free = seen.filter(({ listed, claim }) => listed && !claim).map(({ host }) => host);
  const { without } = assign(desired, free, usedBy(seen, request.cluster));
  if (without.length === 0) return [];
  const taken = seen.flatMap(({ host, listed, claim }) =>
    listed && claim && claim.cluster.id !== request.cluster.id ? [{ host, claim }] : [],
  );
  const belongings = taken.map(
    ({ host, claim }) => `${titleOf(host)} belongs to the cluster ${claim.cluster.name} as ${claim.machine}`,
  );
  const owners = [...new Set(taken.map(({ claim }) => claim.cluster.name))];
  const owner = owners.length === 1 ? owners[0]! : 'NAME';
  const names = without.map(({ pool, slot, types, location }) => `${pool}-${slot}${shapeOf(types, location)}`);
  return [
    {
      code: taken.length > 0 ? 'HOST_TAKEN' : 'NO_HOST',
      message: `No host is left for ${names.join(', ')}${taken.length > 0 ? `: ${belongings.join('; ')}` : ''}.`,
      hint:
        taken.length > 0
          ? `List other hosts in provider.hosts, or delete that cluster where it was created, or, where that workspace is lost, by a file with all its hosts: slipway cluster delete ${owner} -f cluster.yaml`
          : 'Add hosts that fit to provider.hosts, or ask for less.',
      kind: 'refused',
      path: 'provider.hosts',
    },
  ];
}

function unknownWords(kind: 'type' | 'location', asked: ReadonlySet<string>, had: ReadonlySet<string>): Problem[] {
  return [...asked]
    .filter((word) => word !== any && !had.has(word))
    .map((word) => {
      const near = nearest(word, [...had]);
      return {
        code: kind === 'type' ? 'UNKNOWN_TYPE' : 'UNKNOWN_LOCATION',
        message: `No host of the file has the ${kind} ${word}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
        hint: `Hosts have: ${[...had].sort().join(', ')}.`,
        kind: 'usage',
        path: 'provider.hosts',
      };
    });
}

function shapeOf(types: readonly string[], location: string): string {
  const words = [types[0] === any ? '' : `type ${types.join(' or ')}`, location === any ? '' : `at ${location}`];
  const text = words.filter(Boolean).join(' ');
  return text === '' ? '' : ` (${text})`;
}
