import { z } from 'zod';

import type { KubeObject } from '../../kube/types.js';
import { isSameOwner, ownedByCluster } from '../instance.js';
import type { Owner } from '../types.js';
import { componentLabel } from './objects.js';

export const inventoryLabel = 'slipway.dev/inventory';
export const inventoryNamespace = 'kube-system';

const itemSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
  /** Of what was applied last; empty while it was only meant to be. */
  hash: z.string(),
});

/** As it is written in the cluster. */
const wireSchema = z.object({
  /** Id of the instance. */
  component: z.string(),
  title: z.string(),
  /** Of the chart, once it was healthy. */
  version: z.string().optional(),
  namespace: z.string(),
  /** Name of its HelmChart object. */
  release: z.string().optional(),
  /** Its own objects, in the order in which they were applied. */
  items: z.array(itemSchema),
  secrets: z.array(z.object({ namespace: z.string(), name: z.string() })),
  /** Components it stands on: they leave after it. */
  waitsFor: z.array(z.string()),
  /** Print of all that was applied when it was last found healthy; undefined while something is under way. */
  healthy: z.string().optional(),
  /** The HelmChart's spec that was last found healthy, to go back to. */
  lastGood: z.record(z.string(), z.unknown()).optional(),
  /** Only of a tenant's instance: whose it is, and of which definition. The cluster's own is called like its definition. */
  tenant: z.object({ name: z.string(), definition: z.string() }).optional(),
});

type Wire = z.output<typeof wireSchema>;

/** What an instance has put into the cluster, kept there as a ConfigMap. Holds no secret. */
export interface Inventory extends Omit<Wire, 'component' | 'tenant'> {
  readonly id: string;
  readonly definition: string;
  readonly owner: Owner;
}
export type InventoryItem = z.output<typeof itemSchema>;

export const inventoryName = (id: string): string => `slipway-inventory-${id}`;

export function inventoryObject({ id, definition, owner, ...rest }: Inventory): KubeObject {
  const wire: Wire = {
    component: id,
    ...rest,
    ...(owner.kind === 'tenant' ? { tenant: { name: owner.name, definition } } : {}),
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: inventoryName(id),
      namespace: inventoryNamespace,
      labels: { [inventoryLabel]: 'component', [componentLabel]: id },
    },
    data: { inventory: JSON.stringify(wire) },
  };
}

/** Undefined for what is no inventory: whoever wrote that, nothing is taken away because of it. */
export function readInventory(object: KubeObject | undefined): Inventory | undefined {
  const text = (object?.['data'] as Readonly<Record<string, string>> | undefined)?.['inventory'];
  if (text === undefined) return undefined;
  try {
    const result = wireSchema.safeParse(JSON.parse(text));
    return result.success ? read(result.data) : undefined;
  } catch {
    return undefined;
  }
}

function read({ component: id, tenant, ...rest }: Wire): Inventory {
  return tenant === undefined
    ? { ...rest, id, definition: id, owner: ownedByCluster }
    : { ...rest, id, definition: tenant.definition, owner: { kind: 'tenant', name: tenant.name } };
}

export const itemRef = ({ apiVersion, kind, namespace, name }: InventoryItem) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

/** An owner's instances that are there and not asked for any more. Those of others are none of its business. */
export function leavingInstances(
  owner: Owner,
  inventories: ReadonlyMap<string, Inventory>,
  staying: readonly { readonly id: string }[],
): readonly Inventory[] {
  const ids = new Set(staying.map(({ id }) => id));
  return [...inventories.values()].filter((one) => isSameOwner(one.owner, owner) && !ids.has(one.id));
}

/** Where it has, or had, something. */
export const usedNamespaces = ({ namespace, items, secrets }: Inventory): readonly string[] => [
  ...new Set([namespace, ...[...items, ...secrets].flatMap((one) => one.namespace ?? [])]),
];
