import { isDeepStrictEqual } from 'node:util';

import { stringify } from 'yaml';

import { clusterSchema } from './cluster-schema.js';
import { poolSchema, type ClusterSpec } from '../domain/spec/schema.js';

/** The shortest cluster file that is read back as this specification: what a default says is left out. */
export function clusterToYaml(spec: ClusterSpec): string {
  const bare = clusterSchema.parse({ name: spec.name, provider: { name: spec.provider.name } });
  const { apiVersion, kind, name, provider, pools, ...rest } = spec;
  const file = {
    apiVersion,
    kind,
    name,
    provider,
    ...(without(rest, bare) as object),
    ...(pools.length === 0
      ? {}
      : {
          pools: pools.map((pool) => {
            // A count is what people look for first: it stays even where it is the default.
            const shorter = without(pool, {
              ...poolSchema.parse({ name: pool.name }),
              name: undefined,
              count: pool.autoscale?.min,
            });
            return listsToText(shorter);
          }),
        }),
  };
  return stringify(listsToText(file), { lineWidth: 120, aliasDuplicateObjects: false });
}

/** The part of `value` that differs from `base`, key by key; lists are kept whole. */
function without(value: unknown, base: unknown): unknown {
  if (!isMap(value) || !isMap(base)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => entry !== undefined && !isDeepStrictEqual(entry, base[key]))
      .map(([key, entry]) => [key, key === 'labels' ? entry : without(entry, base[key])]),
  );
}

/** A single machine type is written as text, as people write it. */
function listsToText(value: unknown): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      if (key === 'type' && Array.isArray(entry) && entry.length === 1) return [key, entry[0] as unknown];
      return [key, key === 'controlPlane' ? listsToText(entry) : entry];
    }),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
