import type { RenderedComponent, ResolvedSecret } from '../types.js';
import { plural } from '../../domain/plural.js';
import type { KubeObject } from '../../kube/types.js';
import {
  chartNamespace,
  type ChartSpec,
  comparable,
  jobState,
  installJob,
  isCurrent,
  sameSpec,
  specOf,
  text,
} from './chart.js';
import type { ComponentFacts } from './facts.js';
import { type Inventory, type InventoryItem, itemRef, usedNamespaces } from './inventory.js';
import { namespaceToApply } from './namespaces.js';
import { hashOf, madeAnnotation, refKey, shownRef } from './objects.js';
import { namespacesOf, ownObjects, printOf } from './rendered.js';
import { secretChanges, secretText } from './secrets.js';
import { diffLines, diffYaml } from './values-diff.js';

/** What stands between a component as it is and as it is desired. */
export interface ComponentChange {
  readonly kind: 'install' | 'upgrade' | 'change' | 'finish';
  /** Reads as a plan line: `upgrade 41.2.0 → 41.3.0`. */
  readonly text: string;
  /** Lines of a diff. No secret among them. */
  readonly details: readonly string[];
}

/** Lines of detail for one object; the rest is counted. */
const mostLines = 12;

/** Undefined when all is as desired. */
export function changeOf(
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  facts: ComponentFacts,
): ComponentChange | undefined {
  const inventory = facts.inventories.get(component.id);
  const live = component.chart && facts.charts.get(component.chart.metadata.name);
  if (!inventory && !live) return installation(component, secrets);
  const details = [
    ...chartDetails(component, live, inventory),
    ...namespaceDetails(component, facts),
    ...objectDetails(component, facts, inventory),
    ...secretChanges(secrets, facts.secrets),
  ];
  if (details.length > 0) return { ...title(component, live, details), details };
  return unfinished(component, facts, inventory);
}

function installation(component: RenderedComponent, secrets: readonly ResolvedSecret[]): ComponentChange {
  const objects = ownObjects(component);
  const spec = specOf(component.chart);
  const parts = [
    ...(spec ? [`chart ${shortChart(spec)} ${text(spec, 'version') ?? ''}`.trim()] : []),
    ...(objects.length > 0 ? [plural(objects.length, 'object')] : []),
    ...(secrets.length > 0 ? [plural(secrets.length, 'Secret')] : []),
  ];
  return {
    kind: 'install',
    text: `install ${parts.join(', ') || component.title}`,
    // Which of the user's variables a component gets is to be seen before it has them.
    details: secrets.map((secret) => `+ ${secretText(secret)}`),
  };
}

/** The last part of a whole reference: `oci://ghcr.io/traefik/helm/traefik` is traefik. */
const shortChart = (spec: ChartSpec): string => (text(spec, 'chart') ?? '').split('/').at(-1)!;

function title(
  component: RenderedComponent,
  live: KubeObject | undefined,
  details: readonly string[],
): Pick<ComponentChange, 'kind' | 'text'> {
  const [was, is] = [text(specOf(live), 'version'), text(specOf(component.chart), 'version')];
  if (component.chart && live && was !== is)
    return { kind: 'upgrade', text: `upgrade ${was ?? 'unknown'} → ${is ?? 'unknown'}` };
  return { kind: 'change', text: plural(details.filter((line) => !line.startsWith(' ')).length, 'change') };
}

function chartDetails(
  { chart }: RenderedComponent,
  live: KubeObject | undefined,
  inventory: Inventory | undefined,
): string[] {
  if (!chart) return inventory?.release === undefined ? [] : [`- HelmChart ${inventory.release}`];
  const left = inventory?.release;
  const renamed = left !== undefined && left !== chart.metadata.name ? [`- HelmChart ${left}`] : [];
  const desired = specOf(chart)!;
  const before = specOf(live);
  if (!live || !before) return [...renamed, `+ HelmChart ${chart.metadata.name}`];
  if (live.metadata['deletionTimestamp'] !== undefined)
    return [...renamed, `+ HelmChart ${chart.metadata.name} (is being removed)`];
  if (sameSpec(before, desired)) return renamed;
  const { valuesContent: was, ...otherBefore } = comparable(before, desired);
  const { valuesContent: is, ...other } = desired;
  const values = diffYaml(was as string | undefined, is as string | undefined);
  const lines = [...diffLines(otherBefore, other), ...limited(values.map(inValues))];
  // The same values in another order, or with another comment, go through helm once more.
  return [...renamed, ...(lines.length > 0 ? lines : ['~ values: written differently, with the same meaning'])];
}

const inValues = (line: string): string => `${line.slice(0, 2)}values.${line.slice(2)}`;

function namespaceDetails(component: RenderedComponent, facts: ComponentFacts): string[] {
  return namespacesOf(component).flatMap((desired) => {
    const live = facts.namespaces.get(desired.metadata.name);
    if (!live) return [`+ Namespace ${desired.metadata.name}`];
    return [
      ...markLines(live.metadata.labels, namespaceToApply(desired, live).metadata.labels),
      ...markLines(live.metadata.annotations, desired.metadata.annotations),
    ].map((line) => `${line.slice(0, 2)}Namespace ${live.metadata.name} ${line.slice(2)}`);
  });
}

type Marks = Readonly<Record<string, string>> | undefined;

/** What differs of labels or annotations that are desired; those of others are not looked at. */
function markLines(present: Marks, desired: Marks = {}): string[] {
  const asked = Object.fromEntries(Object.keys(desired).map((key) => [key, present?.[key]]));
  return diffLines(asked, desired);
}

function objectDetails(
  component: RenderedComponent,
  facts: ComponentFacts,
  inventory: Inventory | undefined,
): string[] {
  const objects = ownObjects(component);
  const known = new Map((inventory?.items ?? []).map((item) => [refKey(itemRef(item)), item]));
  const desired = new Set(objects.map(refKey));
  const changed = objects.flatMap((object) => {
    const key = refKey(object);
    const live = facts.objects.get(key);
    if (!live) return [`+ ${shownRef(object)}`];
    const same = known.get(key)?.hash === hashOf(object);
    if (same && !facts.drifted.has(key)) return [];
    const lines = limited(diffLines(asked(live, object), object));
    return [
      `~ ${shownRef(object)}${same ? ': was changed by somebody else' : ''}`,
      ...lines.map((line) => `    ${line}`),
    ];
  });
  return [...changed, ...pruned(known, desired).map((item) => `- ${shownRef(itemRef(item))}`)];
}

function pruned(known: ReadonlyMap<string, InventoryItem>, desired: ReadonlySet<string>): InventoryItem[] {
  return [...known].flatMap(([key, item]) => (desired.has(key) ? [] : [item]));
}

/** The part of a live object that can be compared with a desired one: its keys, and nothing the API added. */
function asked(live: unknown, desired: unknown): unknown {
  if (typeof desired !== 'object' || desired === null || Array.isArray(desired)) return live;
  if (typeof live !== 'object' || live === null || Array.isArray(live)) return live;
  return Object.fromEntries(
    Object.entries(desired).flatMap(([key, entry]) =>
      key in live ? [[key, asked((live as Record<string, unknown>)[key], entry)]] : [],
    ),
  );
}

/** Everything is applied, but it was never seen healthy: the last run was cut short, or failed. */
function unfinished(
  component: RenderedComponent,
  facts: ComponentFacts,
  inventory: Inventory | undefined,
): ComponentChange | undefined {
  if (inventory?.healthy === printOf(component)) return undefined;
  const chart = component.chart && facts.charts.get(component.chart.metadata.name);
  const job = chart && facts.jobs.get(installJob(chart.metadata.name));
  const failed = job && chart && isCurrent(job, chart) && jobState(job) === 'failed';
  return failed
    ? { kind: 'finish', text: 'try again: its helm job failed', details: [] }
    : { kind: 'finish', text: 'wait until it is healthy', details: [] };
}

/** What a component that is no longer desired takes with it. */
export function removalDetails(inventory: Inventory, facts: ComponentFacts, staying: readonly Inventory[]): string[] {
  const shared = new Set(staying.flatMap(usedNamespaces));
  return [
    ...(inventory.release === undefined
      ? []
      : [`- HelmChart ${chartNamespace}/${inventory.release}, with all that its chart made`]),
    ...inventory.items.map((item) => `- ${shownRef(itemRef(item))}`),
    ...inventory.secrets.map(({ namespace, name }) => `- Secret ${namespace}/${name}`),
    ...usedNamespaces(inventory)
      .filter((name) => !shared.has(name))
      .filter((name) => facts.namespaces.get(name)?.metadata.annotations?.[madeAnnotation] !== undefined)
      .map((name) => `- Namespace ${name}, if nothing else is in it`),
  ];
}

const limited = (lines: readonly string[]): string[] =>
  lines.length <= mostLines
    ? [...lines]
    : [...lines.slice(0, mostLines - 1), `  … and ${lines.length - mostLines + 1} more`];
