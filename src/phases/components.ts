import type { Owner, RenderedComponent, ResolvedSecret } from '../components/types.js';
import type { Clock } from '../domain/clock.js';
import { chainSteps, type Later, needsOf, type Step, type StepContext, valueOf } from '../engine/index.js';
import type { Kube } from '../kube/types.js';
import type { ClusterApi } from './context.js';
import { applyComponent } from '../components/apply/apply.js';
import { changeOf, type ComponentChange, removalDetails } from '../components/apply/change.js';
import { specOf } from '../components/apply/chart.js';
import type { ChartArchives, ComponentRun, ComponentTools } from '../components/apply/tools.js';
import type { ComponentFacts } from '../components/apply/facts.js';
import { leavingInstances } from '../components/apply/inventory.js';
import { untilSchedulableNode } from '../components/apply/nodes.js';
import { removeComponent } from '../components/apply/remove.js';
import { secretsFor } from '../components/apply/secrets.js';
import { upgradeComponent } from '../components/apply/upgrade.js';

/** What components shall be there, and what they need beyond their templates. */
export interface DesiredComponents {
  /** Whose instances these are; those of others stay as they are. */
  readonly owner: Owner;
  /** In an order in which they can be applied. */
  readonly rendered: readonly RenderedComponent[];
  /** Empty where nothing is to be changed: Secrets are not compared then. */
  readonly secrets: readonly ResolvedSecret[];
}

export interface ComponentPlanInput {
  readonly cluster: string;
  readonly desired: DesiredComponents;
  /** What the cluster has; nothing, before there is one. */
  readonly facts: ComponentFacts;
  readonly api: Later<ClusterApi>;
  readonly clock: Clock;
  readonly archives: ChartArchives;
  readonly warn: (text: string) => void;
  /** How its steps are told and what else they stand on; undefined: as those of the cluster's own components. */
  readonly as?: PlannedAs | undefined;
}

export interface PlannedAs {
  readonly phase: string;
  readonly target: string;
  readonly textOf: (change: ComponentChange) => string;
  readonly limits: NonNullable<Step['limits']>;
  /** Steps that the instance of that id waits for beside its owner's. */
  readonly standsOn: (waitsFor: readonly string[]) => readonly Step[];
}

/**
 * One step for each instance that is not as desired, begun as soon as those it stands on are healthy; and one for
 * each that is no longer desired, once nothing stands on it any more.
 */
export function planComponents(input: ComponentPlanInput): readonly Step[] {
  const { desired, facts, api, as } = input;
  const changes = new Map(
    desired.rendered.flatMap((component) => {
      const secrets = secretsFor(component.id, desired.secrets);
      const change = changeOf(component, secrets, facts);
      return change ? [[component.id, { component, secrets, change }] as const] : [];
    }),
  );
  const leaving = leavingInstances(desired.owner, facts.inventories, desired.rendered);
  const staying = [...facts.inventories.values()].filter((one) => !leaving.includes(one));
  const standsOn = closure(new Map(desired.rendered.map(({ id, waitsFor }) => [id, waitsFor])));
  const toolsFor = (kube: Kube): ComponentTools => ({
    cluster: input.cluster,
    kube,
    clock: input.clock,
    archives: input.archives,
    warn: input.warn,
  });
  const steps = chainSteps(changes.keys(), standsOn, (id, needs): Step => {
    const { component, secrets, change } = changes.get(id)!;
    return {
      id: installId(id),
      phase: as?.phase ?? 'Install components',
      target: as?.target ?? id,
      text: as?.textOf(change) ?? change.text,
      ...detailsOf(change),
      needs: [...needsOf(api), ...needs, ...(as?.standsOn(component.waitsFor) ?? [])],
      limits: as?.limits ?? ['component'],
      apply: async (context) => {
        const tools = toolsFor(valueOf(api, context).kube);
        const run = runOf(context);
        if (specOf(component.chart)?.['bootstrap'] !== true) await untilSchedulableNode(tools, run);
        await applyComponent(tools, component, secrets, run);
      },
    };
  });
  const removals = chainSteps(
    leaving,
    ({ id }) => leaving.filter(({ waitsFor }) => waitsFor.includes(id)),
    (inventory, needs): Step => ({
      id: `remove-component:${inventory.id}`,
      phase: 'Remove components',
      target: inventory.id,
      text: `remove ${inventory.title}`,
      details: removalDetails(inventory, facts, staying),
      destroys: true,
      needs: [...needsOf(api), ...needs],
      // What stood on it and stays is changed first, so that it no longer does.
      after: [...steps].flatMap(([id, step]) =>
        facts.inventories.get(id)?.waitsFor.includes(inventory.id) ? [step] : [],
      ),
      limits: ['remove-component'],
      apply: async (context) => {
        const kept = await removeComponent(toolsFor(valueOf(api, context).kube), inventory, runOf(context));
        for (const line of kept) input.warn(line);
      },
    }),
  );
  return [...steps.values(), ...removals.values()];
}

export interface ComponentUpgrade {
  readonly component: RenderedComponent;
  readonly change: ComponentChange;
}

/** One step for each upgrade, one after another; what fails is put back, and what comes after it is skipped. */
export function planComponentUpgrades(
  upgrades: readonly ComponentUpgrade[],
  tools: ComponentTools,
  { secrets, facts }: Pick<DesiredComponents, 'secrets'> & Pick<ComponentPlanInput, 'facts'>,
): readonly Step[] {
  const steps: Step[] = [];
  for (const { component, change } of upgrades) {
    const own = secretsFor(component.id, secrets);
    steps.push({
      id: installId(component.id),
      phase: 'Upgrade components',
      target: component.id,
      text: change.text,
      details: change.details,
      needs: steps.slice(-1),
      apply: (context) => upgradeComponent(tools, component, own, facts, runOf(context)),
    });
  }
  return steps;
}

export const installId = (instance: string): string => `component:${instance}`;

const runOf = (context: StepContext): ComponentRun => ({
  signal: context.signal,
  progress: (text) => context.progress(text),
});

/** Everything that something waits for, near and far. */
export function closure(waitsFor: ReadonlyMap<string, readonly string[]>): (name: string) => readonly string[] {
  return (name) => {
    const seen = new Set<string>();
    const visit = (one: string): void => {
      for (const next of waitsFor.get(one) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
    };
    visit(name);
    return [...seen];
  };
}

function detailsOf({ kind, details }: ComponentChange): Pick<Step, 'adds' | 'details'> {
  if (kind !== 'install') return { details };
  return details.length > 0 ? { adds: true, details } : {};
}
