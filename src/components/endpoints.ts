import { countryOfEndpoint, isInCluster } from './known-endpoints.js';
import { member } from './template/helpers.js';
import type { JudgedEndpoint, EndpointForm, Selection } from './types.js';

/**
 * Where data of the selected components goes outside the cluster, against the countries it may live in. Without any,
 * what is known is inside.
 */
export function judgedEndpoints(
  selection: Selection,
  residency: readonly string[] | undefined,
): readonly JudgedEndpoint[] {
  return selection.on.flatMap(({ id, definition, options }) =>
    definition.endpoints.flatMap((place) =>
      spotsOf(place, options).map(({ endpoint, region }): JudgedEndpoint => {
        const country = countryOfEndpoint(endpoint, region);
        const inside = country === undefined || !residency || residency.includes(country);
        const unknown = country === undefined && !(endpoint !== undefined && isInCluster(endpoint));
        return {
          component: id,
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
function spotsOf({ endpoint, region }: EndpointForm, options: Readonly<Record<string, unknown>>): Spot[] {
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
export function endpointText({ component, what, where, country, verdict }: JudgedEndpoint): string {
  const place = `${component}: ${what} (${where})`;
  if (verdict === 'unknown') return `${place}, whose country cannot be known`;
  return country === undefined ? `${place} is in the cluster` : `${place} is in ${country}`;
}
