import { countryOfPlace, isInCluster } from './known-places.js';
import { member } from './template/helpers.js';
import type { JudgedPlace, PlaceForm, Selection } from './types.js';

/**
 * Where data of the selected components goes outside the cluster, against the countries it may live in. Without any,
 * what is known is inside.
 */
export function judgedPlaces(selection: Selection, residency: readonly string[] | undefined): readonly JudgedPlace[] {
  return selection.on.flatMap(({ component, options }) =>
    component.places.flatMap((place) =>
      spotsOf(place, options).map(({ endpoint, region }): JudgedPlace => {
        const country = countryOfPlace(endpoint, region);
        const inside = country === undefined || !residency || residency.includes(country);
        const unknown = country === undefined && !(endpoint !== undefined && isInCluster(endpoint));
        return {
          component: component.name,
          what: place.what,
          where: endpoint ?? region ?? '',
          country,
          verdict: unknown ? 'unknown' : inside ? 'inside' : 'outside',
        };
      }),
    ),
  );
}

interface Spot {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/** What options name; several where a list is on the way. */
function spotsOf({ endpoint, region }: PlaceForm, options: Readonly<Record<string, unknown>>): Spot[] {
  const endpoints = endpoint === undefined ? [] : textsAt(options, endpoint.split('.'));
  const regions = region === undefined ? [] : textsAt(options, region.split('.'));
  const count = Math.max(endpoints.length, regions.length);
  return Array.from({ length: count }, (_, index) => ({
    endpoint: endpoints[index],
    region: regions[index] ?? (regions.length === 1 ? regions[0] : undefined),
  }));
}

function textsAt(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => textsAt(entry, path));
  const [first, ...rest] = path;
  if (first === undefined) return typeof value === 'string' && value !== '' ? [value] : [];
  return textsAt(member(value, first), rest);
}

/** For people: `loki: the bucket of logs (s3.example.net), whose country cannot be known`. */
export function placeText({ component, what, where, country, verdict }: JudgedPlace): string {
  const place = `${component}: ${what} (${where})`;
  if (verdict === 'unknown') return `${place}, whose country cannot be known`;
  return country === undefined ? `${place} is in the cluster` : `${place} is in ${country}`;
}
