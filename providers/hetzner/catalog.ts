import { z } from 'zod';

import type { CallOptions, Catalog, Location, MachineType } from '../../src/provider/port.js';
import type { Hetzner } from './context.js';
import { apiBalancerType } from './names.js';
import { locationShape, pricingShape, serverTypeShape, type WireLocation, type WireServerType } from './wire.js';

export const listLocations = ({ api }: Hetzner, options: CallOptions): Promise<WireLocation[]> =>
  api.list('/locations', 'locations', locationShape, options);

export const listServerTypes = ({ api }: Hetzner, options: CallOptions): Promise<WireServerType[]> =>
  api.list('/server_types', 'server_types', serverTypeShape, options);

const pricingAnswer = z.object({ pricing: pricingShape });

export async function pricing(
  { api }: Hetzner,
  options: CallOptions,
): Promise<Pick<Catalog, 'currency' | 'volumeMonthly' | 'balancers' | 'addresses'>> {
  const { currency, volume, load_balancer_types, primary_ips } = (await api.get('/pricing', pricingAnswer, options))
    .pricing;
  return {
    currency,
    volumeMonthly: Number(volume.price_per_gb_month.net),
    balancers: located(load_balancer_types.find(({ name }) => name === apiBalancerType)?.prices),
    addresses: located(primary_ips.find(({ type }) => type === 'ipv4')?.prices),
  };
}

const located = (
  prices: readonly { location: string; price_monthly: { net: string } }[] = [],
): { location: string; monthly: number }[] =>
  prices.map(({ location, price_monthly }) => ({ location, monthly: Number(price_monthly.net) }));

export async function readCatalog(hetzner: Hetzner, options: CallOptions): Promise<Catalog> {
  const [locations, types, prices] = await Promise.all([
    listLocations(hetzner, options),
    listServerTypes(hetzner, options),
    pricing(hetzner, options),
  ]);
  return {
    locations: locations.map(toLocation),
    machineTypes: types.map((type) => machineType(type, hetzner.clock.now())),
    ...prices,
  };
}

export const toLocation = ({ name, city, country, network_zone }: WireLocation): Location => ({
  name,
  city,
  country: country.toUpperCase(),
  zone: network_zone,
});

export const architectureOf = (type: Pick<WireServerType, 'architecture'>): 'amd64' | 'arm64' =>
  type.architecture === 'arm' ? 'arm64' : 'amd64';

/** Whether a type can be ordered at a location at all, sold out or not. */
export function isOffered(type: WireServerType, location: string, now: number): boolean {
  const at = type.locations.find((one) => one.name === location);
  return at !== undefined && !isPast(at.deprecation?.unavailable_after ?? type.deprecation?.unavailable_after, now);
}

const isAvailable = (type: WireServerType, location: string, now: number): boolean =>
  isOffered(type, location, now) && type.locations.some((one) => one.name === location && one.available);

const isPast = (date: string | undefined, now: number): boolean => date !== undefined && Date.parse(date) <= now;

export function machineType(type: WireServerType, now: number): MachineType {
  const ends = type.locations.map((at) => at.deprecation?.unavailable_after);
  const end =
    type.deprecation?.unavailable_after ?? (ends.every((date) => date !== undefined) ? latest(ends) : undefined);
  return {
    name: type.name,
    cores: type.cores,
    memoryGiB: type.memory,
    diskGB: type.disk,
    architecture: architectureOf(type),
    offers: type.locations.flatMap((at) => {
      const price = type.prices.find((one) => one.location === at.name);
      if (!price) return [];
      return {
        location: at.name,
        available: isAvailable(type, at.name, now),
        hourly: Number(price.price_hourly.net),
        monthly: Number(price.price_monthly.net),
        ...(at.deprecation ? { unavailableAfter: at.deprecation.unavailable_after } : {}),
      };
    }),
    ...(end === undefined ? {} : { unavailableAfter: end }),
  };
}

const latest = (dates: readonly (string | undefined)[]): string | undefined =>
  dates.reduce((a, b) => (a === undefined || (b !== undefined && Date.parse(b) > Date.parse(a)) ? b : a), undefined);
