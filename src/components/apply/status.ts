import type { HealthTarget, Owner, RenderedComponent } from '../types.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import { changeOf } from './change.js';
import { installJob, isCurrent, jobState, specOf, text } from './chart.js';
import { type ComponentFacts, listKnown } from './facts.js';
import { healthOf, kindOf, nameOf } from './health.js';
import { leavingInstances } from './inventory.js';
import { refKey } from './objects.js';
import { refOf, podProblemsOf } from './wait-healthy.js';

export interface InstanceStatus {
  /** Id of the instance. */
  readonly name: string;
  readonly title: string;
  /** Of the chart; undefined without one. */
  readonly desired: string | undefined;
  /** The version that was last found healthy, or that helm is through with; undefined: none. */
  readonly installed: string | undefined;
  readonly health: 'healthy' | 'unhealthy' | 'installing' | 'failed' | 'not installed' | 'not in the file';
  /** Why it is not healthy, the most telling line first. */
  readonly why: readonly string[];
  /** What differs from the file, as a plan says it; undefined: nothing. */
  readonly differs: string | undefined;
}

/** How each of an owner's instances fares: one list for each kind of workload, and the pods of those that are not healthy. */
export async function instanceStatuses(
  kube: Kube,
  owner: Owner,
  desired: readonly RenderedComponent[],
  facts: ComponentFacts,
  options: KubeOptions,
): Promise<readonly InstanceStatus[]> {
  const targets = desired.flatMap(({ health }) => health);
  const kinds = [...new Map(targets.map((target) => [JSON.stringify(kindOf(target)), kindOf(target)])).values()];
  const lists = await Promise.all(kinds.map((kind) => listKnown(kube, kind, {}, options)));
  const found = new Map(lists.flat().map((object) => [refKey(object), object]));
  const leaving = leavingInstances(owner, facts.inventories, desired);
  const gone = leaving.map(({ id, title, version }): InstanceStatus => ({
    name: id,
    title,
    desired: undefined,
    installed: version,
    health: 'not in the file',
    why: ['the file no longer asks for it'],
    differs: `remove ${title}`,
  }));
  const states = await Promise.all(desired.map((component) => stateOf(kube, component, facts, found, options)));
  return [...states, ...gone];
}

async function stateOf(
  kube: Kube,
  component: RenderedComponent,
  facts: ComponentFacts,
  found: ReadonlyMap<string, KubeObject>,
  options: KubeOptions,
): Promise<InstanceStatus> {
  const inventory = facts.inventories.get(component.id);
  const chart = component.chart && facts.charts.get(component.chart.metadata.name);
  const job = chart && facts.jobs.get(installJob(chart.metadata.name));
  const helm = chart ? (job && isCurrent(job, chart) ? jobState(job) : 'running') : 'complete';
  const sick = component.health
    .map((target) => ({ target, health: healthOf(found.get(refKey(refOf(target)))) }))
    .filter(({ health }) => health.state !== 'healthy');
  const problems = sick.length === 0 ? [] : await podProblemsOf(kube, sick.map(targetOf), options);
  const state = {
    name: component.id,
    title: component.title,
    desired: component.version,
    installed: inventory?.version ?? (helm === 'complete' ? text(specOf(chart), 'version') : undefined),
    differs: changeOf(component, [], facts)?.text,
  };
  if (!inventory && !chart) return { ...state, installed: undefined, health: 'not installed', why: [] };
  const why = [...sick.map(({ target, health }) => `${nameOf(target)}: ${health.why}`), ...problems];
  if (helm === 'failed') return { ...state, health: 'failed', why: ['helm’s job gave up', ...why] };
  if (helm === 'running') return { ...state, health: 'installing', why: ['helm is at work', ...why] };
  return { ...state, health: why.length > 0 ? 'unhealthy' : 'healthy', why };
}

const targetOf = ({ target }: { readonly target: HealthTarget }): HealthTarget => target;
