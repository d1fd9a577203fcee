import type { MachineRequest, MachineType } from '../port.js';

type Choices = Pick<MachineRequest, 'types' | 'location' | 'elsewhere'>;

/** In which order a machine is asked for: every type at its own location, then every type at the next. */
export const choicesOf = ({ types, location, elsewhere = [] }: Choices) =>
  [location, ...elsewhere].flatMap((place) => types.map((type) => ({ type, location: place })));

/** What to say of a machine to come: the first type and location of its request that are on offer now. */
export function createText(request: Choices, catalog: readonly Pick<MachineType, 'name' | 'offers'>[]): string {
  const isOffered = (name: string, place: string): boolean =>
    catalog.some((type) => type.name === name && type.offers.some((at) => at.location === place && at.available));
  const choices = choicesOf(request);
  const first = choices[0]!;
  const taken = choices.find(({ type, location }) => isOffered(type, location)) ?? first;
  const text = `create ${taken.type} in ${taken.location}`;
  return taken === first ? text : `${text}, as ${first.type} is not to be had in ${first.location} now`;
}

/** Whether there is a choice to make, for which the catalogue has to be read. */
export const hasChoice = ({ types, elsewhere = [] }: Pick<MachineRequest, 'types' | 'elsewhere'>): boolean =>
  types.length + elsewhere.length > 1;
