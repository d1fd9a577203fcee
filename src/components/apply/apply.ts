import type { HealthTarget, RenderedComponent, ResolvedSecret } from '../types.js';
import { IncompleteError } from '../../errors/index.js';
import type { KubeObject } from '../../kube/types.js';
import { chartKind, chartNamespace, type ChartSpec, specOf, text } from './chart.js';
import { type ComponentRun, type ComponentTools, scrubbed } from './tools.js';
import { listKnown, observeInventories } from './facts.js';
import { installChart } from './install-chart.js';
import { type Inventory, inventoryObject, type InventoryItem, itemRef } from './inventory.js';
import { namespaceToApply } from './namespaces.js';
import { annotated, hashOf, madeAnnotation, refKey, shownRef } from './objects.js';
import { applyWithRetry } from './apply-with-retry.js';
import { namespacesOf, objectsBefore, ownObjects, printOf } from './rendered.js';
import { removeObjects, removeSecrets } from './remove.js';
import { removeChart } from './remove-chart.js';
import { secretObject } from './secrets.js';
import { refOf, waitHealthy } from './wait-healthy.js';

/**
 * Brings one component to what is desired and waits until it is healthy: namespaces, Secrets, what goes before the
 * chart, the chart, its workloads, further objects; then takes away what left the templates. Can be cut short at any
 * point and begun again: the inventory names everything before it is made.
 * @param secrets those of this component, as `secretsFor` joins them
 * @throws IncompleteError codes COMPONENT_FAILED, COMPONENT_UNHEALTHY, COMPONENT_TIMEOUT and those of the API
 */
export async function applyComponent(
  tools: ComponentTools,
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  run: ComponentRun,
): Promise<void> {
  const inventories = await observeInventories(tools.kube, run);
  const before = inventories.get(component.id);
  const writer = new InventoryWriter(tools, run, before);
  await writer.write(intended(component, secrets, before));
  await makeNamespaces(tools, component, secrets, run);
  await makeSecrets(tools, secrets, run);
  const force = forceOf(before);
  for (const object of objectsBefore(component)) await applyWithRetry(tools, object, force(object), run);
  if (component.chart) {
    await upgradeDefinitions(tools, component, run);
    await installChart(tools, component.id, component.chart, (line) => scrubbed(line, secrets), run);
  }
  const own = new Set(component.objects.map(refKey));
  const isOwn = (target: HealthTarget): boolean => own.has(refKey(refOf(target)));
  const stages = stagesOf(component, isOwn);
  for (const { objects, health } of stages) {
    for (const object of objects) await applyWithRetry(tools, object, force(object), run);
    await waitHealthy(tools, component.id, health, run);
  }
  await prune(tools, component, secrets, inventories, run);
  await writer.write(finished(component, secrets, before));
}

interface Stage {
  readonly objects: readonly KubeObject[];
  readonly health: readonly HealthTarget[];
}

/** The chart's workloads first, then the component's own objects, then all together. */
function stagesOf(component: RenderedComponent, isOwn: (target: HealthTarget) => boolean): readonly Stage[] {
  const objects = ownObjects(component).slice(objectsBefore(component).length);
  return [
    {
      objects: [],
      health: component.chart ? component.health.filter((target) => !isOwn(target) && isPlain(target)) : [],
    },
    { objects, health: component.health },
  ];
}

/** Kinds that every cluster has; others may be made by objects that come later. */
const isPlain = ({ kind }: HealthTarget): boolean => ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(kind);

/** Writes the inventory when it differs from what was written last. */
class InventoryWriter {
  #last: string | undefined;

  constructor(
    private readonly tools: ComponentTools,
    private readonly run: ComponentRun,
    before: Inventory | undefined,
  ) {
    this.#last = before && hashOf(before);
  }

  async write(inventory: Inventory): Promise<void> {
    const hash = hashOf(inventory);
    if (hash === this.#last) return;
    await this.tools.kube.apply(inventoryObject(inventory), { ...this.run, force: true });
    this.#last = hash;
  }
}

/** What is there and what is to come, so that whatever is made is known wherever this is cut short. */
function intended(
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  before: Inventory | undefined,
): Inventory {
  const known = new Map((before?.items ?? []).map((item) => [refKey(itemRef(item)), item]));
  const coming = ownObjects(component)
    .filter((object) => !known.has(refKey(object)))
    .map((object) => itemOf(object, ''));
  const { healthy, ...rest } = base(component, before);
  const release = component.chart?.metadata.name ?? before?.release;
  return {
    ...rest,
    ...(before?.version === undefined ? {} : { version: before.version }),
    ...(release === undefined ? {} : { release }),
    items: [...(before?.items ?? []), ...coming],
    secrets: uniqueSecrets([...(before?.secrets ?? []), ...secrets]),
    // Stays while nothing is different, so that another run of the same writes nothing.
    ...(healthy !== undefined && healthy === printOf(component) ? { healthy } : {}),
  };
}

function finished(
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  before: Inventory | undefined,
): Inventory {
  const spec = specOf(component.chart);
  return {
    ...base(component, before),
    ...(component.version === undefined ? {} : { version: component.version }),
    ...(component.chart ? { release: component.chart.metadata.name } : {}),
    ...(spec ? { lastGood: spec } : {}),
    items: ownObjects(component).map((object) => itemOf(object, hashOf(object))),
    secrets: uniqueSecrets(secrets),
    healthy: printOf(component),
  };
}

function base(component: RenderedComponent, before: Inventory | undefined) {
  return {
    id: component.id,
    definition: component.definition,
    owner: component.owner,
    title: component.title,
    namespace: component.namespace,
    waitsFor: [...component.waitsFor].sort(),
    ...(before?.healthy === undefined ? {} : { healthy: before.healthy }),
    ...(before?.lastGood === undefined ? {} : { lastGood: before.lastGood }),
  };
}

function itemOf({ apiVersion, kind, metadata }: KubeObject, hash: string): InventoryItem {
  const { name, namespace } = metadata;
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, hash };
}

const uniqueSecrets = (secrets: readonly { readonly namespace: string; readonly name: string }[]) => [
  ...new Map(secrets.map(({ namespace, name }) => [`${namespace}/${name}`, { namespace, name }])).values(),
];

/** What we applied before is ours to correct; what somebody else made is not taken from them. */
function forceOf(before: Inventory | undefined): (object: KubeObject) => boolean {
  const applied = new Set((before?.items ?? []).filter(({ hash }) => hash !== '').map((item) => refKey(itemRef(item))));
  return (object) => applied.has(refKey(object));
}

const neededNamespaces = (component: RenderedComponent, secrets: readonly ResolvedSecret[]): string[] => [
  ...new Set([
    ...namespacesOf(component).map(({ metadata }) => metadata.name),
    ...[text(specOf(component.chart), 'targetNamespace') ?? component.namespace],
    ...secrets.map(({ namespace }) => namespace),
  ]),
];

async function makeNamespaces(
  { kube }: ComponentTools,
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  run: ComponentRun,
): Promise<void> {
  const rendered = new Map(namespacesOf(component).map((object) => [object.metadata.name, object]));
  for (const name of neededNamespaces(component, secrets)) {
    const bare: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const live = await kube.get(bare, run);
    const desired = rendered.get(name);
    const object = desired ? namespaceToApply(desired, live) : bare;
    const maker = live ? live.metadata.annotations?.[madeAnnotation] : component.id;
    if (live && object === bare) continue;
    await kube.apply(maker === undefined ? object : annotated(object, madeAnnotation, maker), { ...run, force: true });
  }
}

async function makeSecrets(
  { kube }: ComponentTools,
  secrets: readonly ResolvedSecret[],
  run: ComponentRun,
): Promise<void> {
  for (const secret of secrets) {
    const { name, namespace } = secret;
    const live = await kube.get({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }, run);
    await kube.apply(secretObject(secret, live), { ...run, force: true });
  }
}

/** Helm makes the definitions of a chart's `crds` folder once, and leaves them as they are at every upgrade. */
async function upgradeDefinitions(
  tools: ComponentTools,
  { id, chart, crds }: RenderedComponent,
  run: ComponentRun,
): Promise<void> {
  if (!chart || !crds) return;
  const charts = await listKnown(tools.kube, chartKind, { namespace: chartNamespace }, run);
  const live = charts.find(({ metadata }) => metadata.name === chart.metadata.name);
  if (!live || sameChart(specOf(live), specOf(chart))) return;
  run.progress(`reading the definitions of ${crds.name} ${crds.version}`);
  const definitions = await tools.archives.definitions(crds, run).catch((error: unknown) => {
    if (!(error instanceof IncompleteError)) throw error;
    // Without a way to the repository from here the chart itself may still be reached from the cluster.
    tools.warn(`${id}: the definitions of its kinds stay as they are. ${error.message}`);
    return [];
  });
  for (const definition of definitions) {
    run.progress(`applying ${shownRef(definition)}`);
    await applyWithRetry(tools, definition, true, run);
  }
}

const sameChart = (a: ChartSpec | undefined, b: ChartSpec | undefined): boolean =>
  ['chart', 'repo', 'version'].every((field) => text(a, field) === text(b, field));

/** What left the templates leaves the cluster. */
async function prune(
  tools: ComponentTools,
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  inventories: ReadonlyMap<string, Inventory>,
  run: ComponentRun,
): Promise<void> {
  const before = inventories.get(component.id);
  if (!before) return;
  const desired = new Set(ownObjects(component).map(refKey));
  const gone = before.items.filter((item) => !desired.has(refKey(itemRef(item))));
  await removeObjects(tools, component.id, gone, run);
  if (before.release !== undefined && before.release !== component.chart?.metadata.name)
    await removeChart(tools, before.release, run);
  const kept = new Set(secrets.map(({ namespace, name }) => `${namespace}/${name}`));
  const left = before.secrets.filter(({ namespace, name }) => !kept.has(`${namespace}/${name}`));
  await removeSecrets(tools, component.id, left, inventories, run);
}
