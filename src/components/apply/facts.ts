import pLimit from 'p-limit';

import type { RenderedComponent } from '../types.js';
import { UsageError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions, ObjectRef } from '../../kube/types.js';
import { chartKind, chartLabel, chartNamespace, jobKind } from './chart.js';
import { type Inventory, inventoryLabel, inventoryNamespace, itemRef, readInventory } from './inventory.js';
import { componentLabel, hashOf, includes, refKey } from './objects.js';
import { ownObjects } from './rendered.js';
import { secretKey } from './secrets.js';

/** What the cluster has of components. */
export interface ComponentFacts {
  /** By the id of their instance, whoever owns it. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** HelmChart objects in kube-system, by name. */
  readonly charts: ReadonlyMap<string, KubeObject>;
  /** The helm controller's jobs, by name. */
  readonly jobs: ReadonlyMap<string, KubeObject>;
  /** Components' own objects, by `refKey`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Keys of objects that are no longer as they were applied. */
  readonly drifted: ReadonlySet<string>;
  /** Components' Secrets, by `namespace/name`. */
  readonly secrets: ReadonlyMap<string, KubeObject>;
  readonly namespaces: ReadonlyMap<string, KubeObject>;
}

export const noFacts: ComponentFacts = {
  inventories: new Map(),
  charts: new Map(),
  jobs: new Map(),
  objects: new Map(),
  drifted: new Set(),
  secrets: new Map(),
  namespaces: new Map(),
};

/** Asks of the API at once while looking for drift. */
const parallel = 8;

/** Looks at what components are there: one list for each kind of objects, not one request for each object. */
export async function observeComponents(
  kube: Kube,
  desired: readonly RenderedComponent[],
  options: KubeOptions,
): Promise<ComponentFacts> {
  const [inventories, charts, jobs, namespaces] = await Promise.all([
    observeInventories(kube, options),
    listKnown(kube, chartKind, { namespace: chartNamespace }, options),
    kube.list(jobKind.apiVersion, jobKind.kind, { namespace: chartNamespace, labelSelector: chartLabel }, options),
    kube.list('v1', 'Namespace', {}, options),
  ]);
  const own = desired.flatMap(ownObjects);
  const refs = [...own, ...[...inventories.values()].flatMap(({ items }) => items.map(itemRef))];
  const kinds = [
    ...new Map(refs.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, { apiVersion, kind }])).values(),
  ];
  const [secrets, ...lists] = await Promise.all([
    kube.list('v1', 'Secret', { labelSelector: componentLabel }, options),
    ...kinds.map((kind) => listKnown(kube, kind, { labelSelector: componentLabel }, options)),
  ]);
  const objects = new Map(lists.flat().map((object) => [refKey(object), object]));
  return {
    inventories,
    charts: byName(charts),
    jobs: byName(jobs),
    objects,
    drifted: await driftOf(kube, own, objects, inventories, options),
    secrets: new Map(
      secrets.map((secret) => [
        secretKey({ namespace: secret.metadata.namespace ?? '', name: secret.metadata.name }),
        secret,
      ]),
    ),
    namespaces: byName(namespaces),
  };
}

/** What instances put into the cluster, by their ids. */
export async function observeInventories(kube: Kube, options: KubeOptions): Promise<ReadonlyMap<string, Inventory>> {
  const query = { namespace: inventoryNamespace, labelSelector: `${inventoryLabel}=component` };
  const maps = await kube.list('v1', 'ConfigMap', query, options);
  return new Map(
    maps.map(readInventory).flatMap((inventory) => (inventory ? [[inventory.id, inventory] as const] : [])),
  );
}

/**
 * Objects that are as desired by what was applied last, but not by what they are now. What only looks different (the
 * API writes quantities its own way) is told from a change by asking the API what another apply would come to.
 */
async function driftOf(
  kube: Kube,
  desired: readonly KubeObject[],
  live: ReadonlyMap<string, KubeObject>,
  inventories: ReadonlyMap<string, Inventory>,
  options: KubeOptions,
): Promise<ReadonlySet<string>> {
  const applied = new Map(
    [...inventories.values()].flatMap(({ items }) => items.map((item) => [refKey(itemRef(item)), item.hash] as const)),
  );
  const limit = pLimit(parallel);
  const drifted = new Set<string>();
  await Promise.all(
    desired.map((object) =>
      limit(async () => {
        const key = refKey(object);
        const found = live.get(key);
        if (!found || applied.get(key) !== hashOf(object) || includes(found, object)) return;
        const next = await kube.apply(object, { ...options, force: true, dryRun: true }).catch((error: unknown) => {
          options.signal.throwIfAborted();
          // A webhook that does not answer now cannot tell; the apply will say so.
          if (error instanceof Error) return undefined;
          throw error;
        });
        if (next && hashOf(content(next)) !== hashOf(content(found))) drifted.add(key);
      }),
    ),
  );
  return drifted;
}

/** An object without what changes by itself. */
function content({ metadata, status: _, ...rest }: KubeObject & { readonly status?: unknown }): unknown {
  return { ...rest, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} };
}

const byName = (objects: readonly KubeObject[]): Map<string, KubeObject> =>
  new Map(objects.map((object) => [object.metadata.name, object]));

/** A kind that the cluster does not serve has no objects. */
export async function listKnown(
  kube: Kube,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  query: { readonly namespace?: string; readonly labelSelector?: string },
  options: KubeOptions,
): Promise<readonly KubeObject[]> {
  try {
    return await kube.list(apiVersion, kind, query, options);
  } catch (error) {
    if (isUnserved(error)) return [];
    throw error;
  }
}

/** An object of a kind that the cluster may not serve. */
export async function getKnown(kube: Kube, ref: ObjectRef, options: KubeOptions): Promise<KubeObject | undefined> {
  try {
    return await kube.get(ref, options);
  } catch (error) {
    if (isUnserved(error)) return undefined;
    throw error;
  }
}

export const isUnserved = (error: unknown): boolean =>
  error instanceof UsageError && error.code === 'KUBE_NO_SUCH_KIND';
