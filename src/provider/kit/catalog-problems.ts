import type { Catalog, ClusterRequest, Location, MachineRequest, MachineType, Offer, Problem } from '../port.js';
import { didYouMean } from './suggest.js';

/** What a request is held against. */
export interface Market {
  readonly title: string;
  readonly catalog: Pick<Catalog, 'locations' | 'machineTypes'>;
  /** Unix time in milliseconds. */
  readonly now: number;
}

/** Locations that do not exist, and locations whose machines could not share a private network. */
export function locationProblems(request: ClusterRequest, { title, catalog }: Market): Problem[] {
  const names = [...new Set([...request.locations, ...request.machines.map((machine) => machine.location)])];
  const known = catalog.locations.map(({ name }) => name);
  const unknown = names
    .filter((name) => !known.includes(name))
    .map((name): Problem => ({
      code: 'UNKNOWN_LOCATION',
      kind: 'usage',
      message: `${title} has no location ${name}.${didYouMean(name, known)}`,
      hint: `Known locations: ${known.join(', ')}.`,
    }));
  return [...unknown, ...zoneProblem(names, catalog.locations)];
}

function zoneProblem(names: readonly string[], locations: readonly Location[]): Problem[] {
  const zones = new Map<string, string[]>();
  for (const name of names) {
    const zone = locations.find((location) => location.name === name)?.zone;
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

/**
 * Types that could not be had, each said once however many machines ask for it.
 * @param existing names of machines that exist: they were had already, and their type may be sold out or gone by now
 */
export function typeProblems(request: ClusterRequest, market: Market, existing: ReadonlySet<string>): Problem[] {
  const missing = request.machines.filter(({ name }) => !existing.has(name));
  return unique(missing.flatMap((machine) => [...unknownTypes(machine, market), ...offerProblem(machine, market)]));
}

/** A system image for one architecture. */
export interface ImageBuild {
  readonly id: string;
  /** Undefined for a snapshot, which is asked for by its id. */
  readonly name: string | undefined;
  readonly architecture: MachineType['architecture'];
  readonly available: boolean;
  /** How large a disk it needs, where not every one will do. */
  readonly diskGB?: number | undefined;
}

/** An image must exist for the architecture of every type that may come to be used. @param existing as for types */
export function imageProblems(
  request: ClusterRequest,
  market: Market,
  builds: readonly ImageBuild[],
  existing: ReadonlySet<string>,
): Problem[] {
  const missing = request.machines.filter(({ name }) => !existing.has(name));
  return unique(missing.flatMap((machine) => imageProblem(machine, market, builds)));
}

function imageProblem(
  { types, image }: MachineRequest,
  { title, catalog }: Market,
  builds: readonly ImageBuild[],
): Problem[] {
  const fitting = builds.filter(({ id, name }) => name === image || id === image);
  const names = [...new Set(builds.flatMap(({ name }) => name ?? []))];
  if (fitting.length === 0) {
    const message = `${title} has no system image ${image}.${didYouMean(image, names)}`;
    return [{ code: 'UNKNOWN_IMAGE', kind: 'usage', message, hint: `Known images: ${names.join(', ')}.` }];
  }
  const own = catalog.machineTypes.filter(({ name }) => types.includes(name));
  const buildFor = (type: MachineType): ImageBuild | undefined =>
    fitting.findLast((build) => build.architecture === type.architecture && build.available);
  const tooLarge = own.flatMap((type): Problem[] => {
    const diskGB = buildFor(type)?.diskGB ?? 0;
    if (diskGB <= type.diskGB) return [];
    const message = `The image ${image} needs a disk of ${diskGB} GB, and ${type.name} has ${type.diskGB}.`;
    const hint = 'Choose a type with a larger disk, or build the image with a type that has a smaller one.';
    return [{ code: 'IMAGE_TOO_LARGE', kind: 'usage', message, hint }];
  });
  const missing = own
    .filter((type) => !buildFor(type))
    .map((type): Problem => ({
      code: 'IMAGE_ARCHITECTURE',
      kind: 'usage',
      message: `The image ${image} does not exist for ${type.architecture ?? 'the architecture'}, which ${type.name} needs.`,
      hint: 'Choose another image, or a type of the other architecture.',
    }));
  return [...missing, ...tooLarge];
}

/** Each problem once. */
const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values(),
];

const isPast = (date: string | undefined, now: number): boolean => date !== undefined && Date.parse(date) <= now;

function unknownTypes({ types }: MachineRequest, { title, catalog, now }: Market): Problem[] {
  const known = catalog.machineTypes.filter((type) => !isPast(type.unavailableAfter, now)).map(({ name }) => name);
  return types
    .filter((name) => !catalog.machineTypes.some((type) => type.name === name))
    .map((name) => ({
      code: 'UNKNOWN_TYPE',
      kind: 'usage',
      message: `${title} has no machine type ${name}.${didYouMean(name, known)}`,
      hint: `Types that can be ordered: ${known.join(', ')}.`,
    }));
}

const offerAt = (type: MachineType, location: string): Offer | undefined =>
  type.offers.find((offer) => offer.location === location);

/** One problem when none of the types can be ordered at any place where it may be. */
function offerProblem({ types, location, elsewhere = [], pool }: MachineRequest, { catalog, now }: Market): Problem[] {
  const known = types.flatMap((name) => catalog.machineTypes.find((type) => type.name === name) ?? []);
  if (known.length === 0 || !catalog.locations.some(({ name }) => name === location)) return [];
  if (known.some((type) => [location, ...elsewhere].some((place) => offerAt(type, place)?.available))) return [];
  const names = known.map((type) => type.name).join(', ');
  const others = known
    .flatMap((type) => type.offers.filter(({ available }) => available).map((at) => `${type.name} at ${at.location}`))
    .join(', ');
  const hint = others
    ? `Available now: ${others}. Choose one of these, or name further types as fallbacks.`
    : 'Choose another type, or name further types as fallbacks.';
  const endOf = (type: MachineType): string | undefined =>
    offerAt(type, location)?.unavailableAfter ?? type.unavailableAfter;
  if (known.some((type) => offerAt(type, location) && !isPast(endOf(type), now))) {
    return [
      { code: 'SOLD_OUT', kind: 'refused', message: `${names} is sold out at ${location} now (pool ${pool}).`, hint },
    ];
  }
  const ended = known.find((type) => isPast(endOf(type), now));
  if (ended) {
    const since = (endOf(ended) ?? '').slice(0, 10);
    const message = `${ended.name} can't be ordered at ${location} since ${since} (pool ${pool}).`;
    return [{ code: 'TYPE_ENDED', kind: 'usage', message, hint }];
  }
  const message = `${names} is not offered at ${location} (pool ${pool}).`;
  return [{ code: 'TYPE_NOT_OFFERED', kind: 'usage', message, hint }];
}
