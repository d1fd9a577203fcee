import { z } from 'zod';

import type { KubeObject } from '../../kube/types.js';
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

const inventorySchema = z.object({
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
});

/** What a component has put into the cluster, kept there as a ConfigMap. Holds no secret. */
export type Inventory = z.output<typeof inventorySchema>;
export type InventoryItem = z.output<typeof itemSchema>;

export const inventoryName = (component: string): string => `slipway-inventory-${component}`;

export function inventoryObject(inventory: Inventory): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: inventoryName(inventory.component),
      namespace: inventoryNamespace,
      labels: { [inventoryLabel]: 'component', [componentLabel]: inventory.component },
    },
    data: { inventory: JSON.stringify(inventory) },
  };
}

/** Undefined for what is no inventory: whoever wrote that, nothing is taken away because of it. */
export function readInventory(object: KubeObject | undefined): Inventory | undefined {
  const text = (object?.['data'] as Readonly<Record<string, string>> | undefined)?.['inventory'];
  if (text === undefined) return undefined;
  try {
    const result = inventorySchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

export const itemRef = ({ apiVersion, kind, namespace, name }: InventoryItem) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

/** Where it has, or had, something. */
export const usedNamespaces = ({ namespace, items, secrets }: Inventory): readonly string[] => [
  ...new Set([namespace, ...[...items, ...secrets].flatMap((one) => one.namespace ?? [])]),
];
