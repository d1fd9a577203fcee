import type { ClusterRequest, MachineRequest, Problem } from '../../../src/provider/port.js';
import { architectureOf, isAvailable, isOffered, isPast } from '../catalog.js';
import type { WireServerType } from '../wire.js';
import type { Facts } from './facts.js';
import { didYouMean } from './suggest.js';

/** Types and images that could not be had, each said once however many machines ask for it. */
export function typeProblems(request: ClusterRequest, facts: Facts): Problem[] {
  const existing = new Set(facts.servers.map((server) => server.name));
  const shapes = new Map<string, MachineRequest>();
  for (const machine of request.machines) {
    // What exists was had already; its type may be sold out or gone by now.
    if (existing.has(machine.name)) continue;
    shapes.set(JSON.stringify([machine.pool, machine.types, machine.location, machine.image]), machine);
  }
  const problems = [...shapes.values()].flatMap((machine) => [
    ...unknownTypes(machine, facts),
    ...offerProblem(machine, facts),
    ...imageProblems(machine, facts),
  ]);
  return [...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values()];
}

const typeNamed = (name: string, facts: Facts): WireServerType | undefined =>
  facts.types.find((type) => type.name === name);

function unknownTypes({ types }: MachineRequest, facts: Facts): Problem[] {
  const known = facts.types
    .filter((type) => !isPast(type.deprecation?.unavailable_after, facts.now))
    .map((type) => type.name);
  return types
    .filter((name) => !typeNamed(name, facts))
    .map((name) => ({
      code: 'UNKNOWN_TYPE',
      kind: 'usage',
      message: `Hetzner has no machine type ${name}.${didYouMean(name, known)}`,
      hint: `Types that can be ordered: ${known.join(', ')}.`,
    }));
}

/** One problem when none of the types can be ordered where it is asked for. */
function offerProblem({ types, location, pool }: MachineRequest, facts: Facts): Problem[] {
  const known = types.flatMap((name) => typeNamed(name, facts) ?? []);
  if (known.length === 0 || !facts.locations.some((one) => one.name === location)) return [];
  if (known.some((type) => isAvailable(type, location, facts.now))) return [];
  const names = known.map((type) => type.name).join(', ');
  const others = elsewhere(known, facts);
  const hint = others
    ? `Available now: ${others}. Choose one of these, or name further types as fallbacks.`
    : 'Choose another type, or name further types as fallbacks.';
  if (known.some((type) => isOffered(type, location, facts.now))) {
    return [
      { code: 'SOLD_OUT', kind: 'refused', message: `${names} is sold out at ${location} now (pool ${pool}).`, hint },
    ];
  }
  const ended = known.find((type) => isPast(endOf(type, location), facts.now));
  if (ended) {
    const since = (endOf(ended, location) ?? '').slice(0, 10);
    return [
      {
        code: 'TYPE_ENDED',
        kind: 'usage',
        message: `${ended.name} can't be ordered at ${location} since ${since} (pool ${pool}).`,
        hint,
      },
    ];
  }
  return [
    {
      code: 'TYPE_NOT_OFFERED',
      kind: 'usage',
      message: `${names} is not offered at ${location} (pool ${pool}).`,
      hint,
    },
  ];
}

const endOf = (type: WireServerType, location: string): string | undefined =>
  type.locations.find((at) => at.name === location)?.deprecation?.unavailable_after ??
  type.deprecation?.unavailable_after;

function elsewhere(types: readonly WireServerType[], facts: Facts): string {
  return types
    .flatMap((type) =>
      facts.locations
        .filter((location) => isAvailable(type, location.name, facts.now))
        .map((location) => `${type.name} at ${location.name}`),
    )
    .join(', ');
}

/** An image must exist for the architecture of every type that may come to be used. */
function imageProblems({ types, image }: MachineRequest, facts: Facts): Problem[] {
  const builds = facts.images.filter((one) => one.name === image || String(one.id) === image);
  const names = [...new Set(facts.images.flatMap((one) => one.name ?? []))];
  if (builds.length === 0) {
    return [
      {
        code: 'UNKNOWN_IMAGE',
        kind: 'usage',
        message: `Hetzner has no system image ${image}.${didYouMean(image, names)}`,
        hint: `Known images: ${names.join(', ')}.`,
      },
    ];
  }
  return types
    .flatMap((name) => typeNamed(name, facts) ?? [])
    .filter((type) => !builds.some((build) => build.architecture === type.architecture && build.status === 'available'))
    .map((type) => ({
      code: 'IMAGE_ARCHITECTURE',
      kind: 'usage',
      message: `The image ${image} does not exist for ${architectureOf(type)}, which ${type.name} needs.`,
      hint: 'Choose another image, or a type of the other architecture.',
    }));
}
