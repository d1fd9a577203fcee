import { hoursOfMonth, money } from './decimal.js';
import { locations, type LocationEntry } from './places.js';
import { refused } from './errors.js';
import type { World } from './world.js';

/** When something stops being sold. ISO 8601. */
export interface DeprecationEntry {
  readonly announced: string;
  readonly unavailable_after: string;
}

type Place = LocationEntry['name'];

export interface ServerTypeEntry {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly diskGB: number;
  readonly cpu: 'shared' | 'dedicated';
  readonly architecture: 'x86' | 'arm';
  /** Where it is offered, and for how many cents a month. */
  readonly cents: ReadonlyMap<Place, number>;
  readonly deprecation: ReadonlyMap<Place, DeprecationEntry>;
}

const europe = ['fsn1', 'nbg1', 'hel1'] as const;
const overseas = ['ash', 'hil'] as const;

/** Cents a month in Europe, in the USA and in Singapore; undefined where it is not offered. */
type Prices = readonly [eu: number | undefined, us?: number | undefined, sin?: number];

const priceMap = ([eu, us, sin]: Prices): Map<Place, number> =>
  new Map<Place, number>([
    ...(eu === undefined ? [] : europe.map((place) => [place, eu] as const)),
    ...(us === undefined ? [] : overseas.map((place) => [place, us] as const)),
    ...(sin === undefined ? [] : [['sin', sin] as const]),
  ]);

type Row = readonly [id: number, name: string, cores: number, memory: number, disk: number, prices: Prices];

const family = (
  category: string,
  cpu: ServerTypeEntry['cpu'],
  architecture: ServerTypeEntry['architecture'],
  rows: readonly Row[],
  deprecated?: { readonly places: readonly Place[]; readonly entry: DeprecationEntry },
): ServerTypeEntry[] =>
  rows.map(([id, name, cores, memoryGB, diskGB, prices]) => ({
    id,
    name,
    description: name.toUpperCase(),
    category,
    cores,
    memoryGB,
    diskGB,
    cpu,
    architecture,
    cents: priceMap(prices),
    deprecation: new Map(
      (deprecated?.places ?? []).map((place) => [place, deprecated?.entry as DeprecationEntry] as const),
    ),
  }));

/** The older regular performance types leave Europe; their end is far enough away to be tried in the sandbox. */
const leaving = {
  places: europe,
  entry: { announced: '2026-06-01T00:00:00Z', unavailable_after: '2036-01-01T00:00:00Z' },
};

export const serverTypes: readonly ServerTypeEntry[] = [
  ...family('cost_optimized', 'shared', 'x86', [
    [114, 'cx23', 2, 4, 40, [349]],
    [115, 'cx33', 4, 8, 80, [549]],
    [116, 'cx43', 8, 16, 160, [949]],
    [117, 'cx53', 16, 32, 320, [1749]],
  ]),
  ...family('cost_optimized', 'shared', 'arm', [
    [45, 'cax11', 2, 4, 40, [379]],
    [93, 'cax21', 4, 8, 80, [649]],
    [94, 'cax31', 8, 16, 160, [1249]],
    [95, 'cax41', 16, 32, 320, [2449]],
  ]),
  ...family('regular_purpose', 'shared', 'x86', [
    [108, 'cpx12', 1, 2, 40, [undefined, undefined, 649]],
    [109, 'cpx22', 2, 4, 80, [649, undefined, 1149]],
    [110, 'cpx32', 4, 8, 160, [1099, undefined, 1949]],
    [111, 'cpx42', 8, 16, 320, [1999, undefined, 3549]],
    [112, 'cpx52', 12, 24, 480, [2849, undefined, 5049]],
    [113, 'cpx62', 16, 32, 640, [3849, undefined, 6849]],
  ]),
  ...family(
    'regular_purpose',
    'shared',
    'x86',
    [
      [22, 'cpx11', 2, 2, 40, [435, 449]],
      [23, 'cpx21', 3, 4, 80, [755, 899]],
      [24, 'cpx31', 4, 8, 160, [1360, 1599]],
      [25, 'cpx41', 8, 16, 240, [2520, 2949]],
      [26, 'cpx51', 16, 32, 360, [5490, 5949]],
    ],
    leaving,
  ),
  ...family('general_purpose', 'dedicated', 'x86', [
    [96, 'ccx13', 2, 8, 80, [1249, 1299, 1849]],
    [97, 'ccx23', 4, 16, 160, [2449, 2549, 3449]],
    [98, 'ccx33', 8, 32, 240, [4849, 4949, 6649]],
    [99, 'ccx43', 16, 64, 360, [9649, 9849, 12849]],
    [100, 'ccx53', 32, 128, 600, [19249, 19649, 25249]],
    [101, 'ccx63', 48, 192, 960, [28849, 29349, 37649]],
  ]),
];

export interface BalancerTypeEntry {
  readonly id: number;
  readonly name: string;
  readonly max_connections: number;
  readonly max_services: number;
  readonly max_targets: number;
  readonly max_assigned_certificates: number;
  readonly cents: ReadonlyMap<Place, number>;
}

const balancer = (
  id: number,
  name: string,
  [max_connections, max_services, max_targets, max_assigned_certificates]: readonly [number, number, number, number],
  prices: Prices,
): BalancerTypeEntry => ({
  id,
  name,
  max_connections,
  max_services,
  max_targets,
  max_assigned_certificates,
  cents: priceMap(prices),
});

export const balancerTypes: readonly BalancerTypeEntry[] = [
  balancer(1, 'lb11', [10_000, 5, 25, 10], [539, 599, 899]),
  balancer(2, 'lb21', [20_000, 15, 75, 25], [1640, 1799, 2549]),
  balancer(3, 'lb31', [40_000, 30, 150, 50], [3290, 3599, 4849]),
];

const terabyte = 1_099_511_627_776;

export function trafficOf(place: Place): number {
  return place === 'sin' ? terabyte / 2 : place === 'ash' || place === 'hil' ? terabyte : 20 * terabyte;
}

/** What a thing with a monthly price costs where, as `prices` of the answers. */
export const renderPrices = (cents: ReadonlyMap<Place, number>): object[] =>
  [...cents].map(([place, monthly]) => ({
    location: place,
    price_hourly: money(monthly, hoursOfMonth),
    price_monthly: money(monthly),
    included_traffic: trafficOf(place),
    price_per_tb_traffic: money(place === 'sin' ? 740 : 100),
  }));

const isOver = (world: World, entry: DeprecationEntry | undefined): boolean =>
  entry !== undefined && Date.parse(entry.unavailable_after) <= world.clock.now();

/** Where a type can still be ordered in principle. */
export const offeredAt = (world: World, type: ServerTypeEntry): Place[] =>
  [...type.cents.keys()].filter((place) => !isOver(world, type.deprecation.get(place)));

export function renderServerType(world: World, type: ServerTypeEntry): object {
  const offered = offeredAt(world, type);
  const everywhere = offered.every((place) => type.deprecation.has(place));
  const deprecation = everywhere && offered[0] ? (type.deprecation.get(offered[0]) ?? null) : null;
  return {
    id: type.id,
    name: type.name,
    description: type.description,
    category: type.category,
    cores: type.cores,
    memory: type.memoryGB,
    disk: type.diskGB,
    deprecated: deprecation !== null,
    deprecation,
    prices: renderPrices(new Map([...type.cents].filter(([place]) => offered.includes(place)))),
    storage_type: 'local',
    cpu_type: type.cpu,
    architecture: type.architecture,
    locations: offered.map((place) => ({
      id: locations.find((location) => location.name === place)?.id ?? 0,
      name: place,
      deprecation: type.deprecation.get(place) ?? null,
      available: !world.faults.isSoldOut(type.name, place),
      recommended: !type.deprecation.has(place),
    })),
  };
}

export const renderBalancerType = (type: BalancerTypeEntry): object => ({
  id: type.id,
  name: type.name,
  description: type.name.toUpperCase(),
  max_connections: type.max_connections,
  max_services: type.max_services,
  max_targets: type.max_targets,
  max_assigned_certificates: type.max_assigned_certificates,
  deprecated: null,
  deprecation: null,
  prices: renderPrices(type.cents),
});

/** A type that a record names. @throws ApiError server_error when a snapshot names one that is gone. */
export function typeNamed<T extends { readonly name: string }>(types: readonly T[], name: string): T {
  const found = types.find((type) => type.name === name);
  if (!found) throw refused('server_error', `type ${name} left the catalogue`, 500);
  return found;
}
