import type { Comparison, DesiredMachine } from './desired.js';

interface PriceAt {
  readonly location: string;
  readonly monthly: number;
  /** Whether it is to be had there now; undefined: nobody says. */
  readonly available?: boolean | undefined;
}

/** Net prices per month; structurally what a provider's catalogue gives. */
export interface PriceList {
  readonly machineTypes: readonly { readonly name: string; readonly offers: readonly PriceAt[] }[];
  /** Of the load balancer in front of the API. */
  readonly balancers: readonly PriceAt[];
  /** Of a machine's public IPv4 address. */
  readonly addresses: readonly PriceAt[];
}

/** What a cluster has at its provider beside machines. */
export interface PricedResources {
  /** The balancer in front of the API: where it is or will be; undefined when there is to be none. */
  readonly apiBalancer: { readonly location: string; readonly exists: boolean } | undefined;
  /** What the cluster made itself. */
  readonly made: readonly { readonly kind: 'load-balancer' | 'volume'; readonly monthly: number }[];
  /** A control plane that is nobody's machines; undefined where there is none. */
  readonly controlPlane?: { readonly now: number; readonly then: number } | undefined;
}

/** Net, per month. */
export interface Price {
  readonly machines: number;
  /** Of a control plane that is none of the machines. */
  readonly controlPlane?: number | undefined;
  readonly loadBalancers: number;
  readonly addresses: number;
  readonly volumes: number;
  readonly total: number;
  /** Machines whose price the catalogue does not tell, which are in no sum. */
  readonly unknown: number;
}

export interface PriceChange {
  readonly now: Price;
  readonly then: Price;
  readonly difference: number;
}

interface Priced {
  readonly type: string | undefined;
  readonly location: string;
  readonly address: boolean;
}

/**
 * What a cluster costs, and will once the plan is done. Machines that stay cost what they are, fallback types and ones
 * that the file no longer asks for included; those to come
 * are of the first type, at the first of their locations, that is to be had now.
 */
export function priceChange(
  {
    current: kept,
    held = [],
    missing,
    excess,
    standbys,
  }: Pick<Comparison, 'current' | 'held' | 'missing' | 'excess' | 'standbys'>,
  list: PriceList,
  { apiBalancer, made, controlPlane }: PricedResources,
): PriceChange {
  const existing = (machine: Comparison['current'][number]): Priced => ({
    type: machine.type,
    location: machine.location,
    address: machine.publicAddress?.includes('.') ?? false,
  });
  const promoted = missing.flatMap(({ promotes }) => promotes ?? []);
  const staying = [...kept, ...held, ...standbys.current, ...promoted].map(existing);
  const leaving = [...excess, ...standbys.excess].map(existing);
  const toMake = [...missing.filter(({ promotes }) => !promotes), ...standbys.missing];
  const coming = toMake.map((machine): Priced => ({ ...takenOf(machine, list), address: true }));
  const of = (kind: 'load-balancer' | 'volume'): number =>
    made.reduce((sum, item) => sum + (item.kind === kind ? item.monthly : 0), 0);

  const price = (machines: readonly Priced[], balancer: boolean, when: 'now' | 'then'): Price => {
    const each = machines.map(({ type, location }) =>
      at(list.machineTypes.find(({ name }) => name === type)?.offers ?? [], location),
    );
    const addresses = machines.map(({ address, location }) => (address ? at(list.addresses, location) : 0));
    const api = balancer && apiBalancer ? (at(list.balancers, apiBalancer.location) ?? 0) : 0;
    const parts = {
      machines: cents(sum(each)),
      ...(controlPlane ? { controlPlane: cents(controlPlane[when]) } : {}),
      loadBalancers: cents(of('load-balancer') + api),
      addresses: cents(sum(addresses)),
      volumes: cents(of('volume')),
    };
    const total = cents(sum(Object.values(parts)));
    return { ...parts, total, unknown: each.filter((known) => known === undefined).length };
  };

  const now = price([...staying, ...leaving], apiBalancer?.exists ?? false, 'now');
  const then = price([...staying, ...coming], apiBalancer !== undefined, 'then');
  return { now, then, difference: cents(then.total - now.total) };
}

/** What will be made of a machine that is to come, as its provider tries: every type at its own location, then at the next. */
function takenOf(
  { types, location, elsewhere = [] }: Pick<DesiredMachine, 'types' | 'location' | 'elsewhere'>,
  { machineTypes }: PriceList,
): Pick<Priced, 'type' | 'location'> {
  const isOffered = (type: string, place: string): boolean =>
    machineTypes.some(
      ({ name, offers }) => name === type && offers.some((one) => one.location === place && one.available !== false),
    );
  const choices = [location, ...elsewhere].flatMap((place) => types.map((type) => ({ type, location: place })));
  return choices.find((choice) => isOffered(choice.type, choice.location)) ?? { type: types[0], location };
}

const at = (prices: readonly PriceAt[], location: string): number | undefined =>
  prices.find((price) => price.location === location)?.monthly;
const sum = (values: readonly (number | undefined)[]): number => values.reduce<number>((a, b) => a + (b ?? 0), 0);
const cents = (amount: number): number => Math.round(amount * 100) / 100;
