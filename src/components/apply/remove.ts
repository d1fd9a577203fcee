import { waitFor } from '../../domain/wait.js';
import type { KubeObject } from '../../kube/types.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { isUnserved, listKnown, observeInventories } from './facts.js';
import {
  type Inventory,
  inventoryName,
  inventoryNamespace,
  type InventoryItem,
  itemRef,
  usedNamespaces,
} from './inventory.js';
import { componentLabel, madeAnnotation, shownRef } from './objects.js';
import { removeChart } from './remove-chart.js';
import { componentDeadlines } from './deadlines.js';

/**
 * Removes exactly what an instance put into the cluster: its chart (and waits for helm), its objects, its Secrets,
 * the namespaces that were made for it if nothing else is in them. Volume claims stay.
 * Two of these at a time could each take the other for a user of their namespace.
 * @returns what was kept, a line each
 */
export async function removeComponent(
  tools: ComponentTools,
  inventory: Inventory,
  run: ComponentRun,
): Promise<readonly string[]> {
  const { id } = inventory;
  const inventories = await observeInventories(tools.kube, run);
  if (inventory.release !== undefined) await removeChart(tools, inventory.release, run);
  await removeObjects(tools, id, inventory.items, run);
  await removeSecrets(tools, id, inventory.secrets, inventories, run);
  const others = [...inventories.values()].filter((other) => other.id !== id);
  const shared = new Set(others.flatMap(usedNamespaces));
  const kept = inventory.release === undefined ? [] : await claimsLeft(tools, inventory, inventory.release, run);
  for (const namespace of usedNamespaces(inventory)) {
    if (!shared.has(namespace)) kept.push(...(await removeNamespace(tools, namespace, run)));
  }
  await tools.kube.delete(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: inventoryName(id), namespace: inventoryNamespace },
    },
    run,
  );
  return [...new Set(kept)];
}

const claimStays = ({ metadata }: KubeObject): string =>
  `volume claim ${metadata.namespace ?? ''}/${metadata.name} stays, with its data`;

/** Volume claims of a release: helm leaves those of StatefulSets where they are. */
async function claimsLeft(
  { kube }: ComponentTools,
  inventory: Inventory,
  release: string,
  run: ComponentRun,
): Promise<string[]> {
  const lists = await Promise.all(
    usedNamespaces(inventory).map((namespace) => kube.list('v1', 'PersistentVolumeClaim', { namespace }, run)),
  );
  // Operators name instances after the release, and add to it; charts do not agree on the label's name.
  const isOwn = (value: string): boolean => `${value}-`.startsWith(`${release}-`);
  return lists
    .flat()
    .filter(({ metadata }) => Object.values(metadata.labels ?? {}).some(isOwn))
    .map(claimStays);
}

/** In the opposite order of their making. One that has gone over to another instance stays. */
export async function removeObjects(
  { kube }: ComponentTools,
  id: string,
  items: readonly InventoryItem[],
  run: ComponentRun,
): Promise<void> {
  for (const item of [...items].reverse()) {
    const ref = itemRef(item);
    run.progress(`removing ${shownRef(ref)}`);
    try {
      const live = await kube.get(ref, run);
      if (live?.metadata.labels?.[componentLabel] === id) await kube.delete(ref, run);
    } catch (error) {
      // Its kind has left with the chart that brought it, and so has the object.
      if (!isUnserved(error)) throw error;
    }
  }
}

/** Those that no other instance uses. */
export async function removeSecrets(
  { kube }: ComponentTools,
  id: string,
  secrets: Inventory['secrets'],
  inventories: ReadonlyMap<string, Inventory>,
  run: ComponentRun,
): Promise<void> {
  const others = [...inventories.values()].filter((other) => other.id !== id);
  const shared = new Set(others.flatMap((other) => other.secrets.map(({ namespace, name }) => `${namespace}/${name}`)));
  for (const { namespace, name } of secrets) {
    if (shared.has(`${namespace}/${name}`)) continue;
    await kube.delete({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }, run);
  }
}

/** Kinds that come and go by themselves. */
const passing = new Set(['Pod', 'ReplicaSet', 'ControllerRevision', 'PodMetrics']);
/** What nobody would miss: it tells of other objects, or of processes that have ended. */
const ownedByNobody = new Set(['Event', 'Lease', 'Endpoints', 'EndpointSlice']);
const always = new Set(['ConfigMap kube-root-ca.crt', 'ServiceAccount default']);

/** Deletes a namespace that holds nothing any more; answers with what it is kept for. */
async function removeNamespace(tools: ComponentTools, namespace: string, run: ComponentRun): Promise<string[]> {
  const { kube, clock } = tools;
  const ref = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const live = await kube.get(ref, run);
  if (live?.metadata.annotations?.[madeAnnotation] === undefined) return [];
  const left = await waitFor(
    {
      what: `the last pods of ${namespace} to end`,
      check: async (_signal, say) => {
        const found = await contentOf(tools, namespace, run);
        const ending = found.filter(({ kind }) => passing.has(kind));
        const lasting = found.filter(({ kind }) => !passing.has(kind));
        if (ending.length === 0 || lasting.length > 0) return lasting;
        say(`${shownRef(ending[0]!)} is ending`);
        return undefined;
      },
    },
    {
      ...run,
      clock,
      deadlineMs: componentDeadlines.gone,
      hint: 'Run the same command again.',
      code: 'NAMESPACE_NOT_EMPTY',
    },
  );
  if (left.length > 0) {
    const claims = left.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    const rest = left.filter(({ kind }) => kind !== 'PersistentVolumeClaim').map(shownRef);
    const shown = rest.length > 5 ? [...rest.slice(0, 5), `${rest.length - 5} more`] : rest;
    return [
      ...claims.map(claimStays),
      `namespace ${namespace} stays${shown.length > 0 ? `: it still has ${shown.join(', ')}` : ' for its volume claims'}`,
    ];
  }
  run.progress(`removing namespace ${namespace}`);
  await kube.delete(ref, run);
  await kube.until(
    {
      what: `namespace ${namespace} to be gone`,
      code: 'NAMESPACE_NOT_GONE',
      kinds: [{ apiVersion: 'v1', kind: 'Namespace' }],
      check: (view) => (view.get(ref) ? undefined : true),
    },
    { ...run, deadlineMs: componentDeadlines.gone, hint: 'Run the same command again.' },
  );
  return [];
}

async function contentOf({ kube }: ComponentTools, namespace: string, run: ComponentRun): Promise<KubeObject[]> {
  const kinds = (await kube.kinds(run)).filter(({ namespaced, kind }) => namespaced && !ownedByNobody.has(kind));
  const lists = await Promise.all(kinds.map((kind) => listKnown(kube, kind, { namespace }, run)));
  return lists.flat().filter(({ kind, metadata }) => !always.has(`${kind} ${metadata.name}`));
}
