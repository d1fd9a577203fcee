import {
  controlPlaneTaint,
  selfAssignableLabels,
  slotLabel,
  type Machine,
  type DesiredMachine,
} from '../domain/index.js';
import { type Later, needsOf, type Step, valueOf } from '../engine/index.js';
import type { NodePatch } from '../kube/types.js';
import type { ClusterApi, PhaseContext } from './context.js';
import { desiredLabels, desiredTaints } from './desired-marks.js';
import { joinPatch, nodePatch, type DesiredMarks } from './node-patch.js';

interface JoiningHost {
  readonly machine: Machine;
}

/**
 * Labels and taints of nodes that are Ready already, and those that a kubelet may not give itself.
 * @param hosts the step that tells which machine joins in a slot, by slot label
 * @param joined steps after which a slot's node is there and does its work, by slot label
 */
export function planLabels(
  context: PhaseContext,
  hosts: ReadonlyMap<string, Step<JoiningHost>>,
  api: Later<ClusterApi>,
  joined: ReadonlyMap<string, readonly Step[]>,
): readonly Step[] {
  return context.facts.comparison.desired.flatMap((machine) => {
    const prepared = hosts.get(slotLabel(machine));
    const step = prepared
      ? joinStep(context, machine, prepared, api, joined.get(slotLabel(machine)) ?? [])
      : presentStep(context, machine, api);
    return step ? [step] : [];
  });
}

function presentStep(context: PhaseContext, machine: DesiredMachine, api: Later<ClusterApi>): Step | undefined {
  const { comparison, nodes } = context.facts;
  const node = nodes?.get(machine.name);
  const kept = comparison.current.find(({ name }) => name === machine.name);
  const patch = node && nodePatch(node, marksOf(context, machine, kept));
  return (
    patch && {
      ...labelStep(machine, describePatch(patch), needsOf(api), (run) =>
        valueOf(api, run).kube.patchNode(machine.name, patch, run),
      ),
      changes: true,
    }
  );
}

/** What comes with a machine that was there before us is known only once one is chosen. */
function joinStep(
  context: PhaseContext,
  machine: DesiredMachine,
  prepared: Step<JoiningHost>,
  api: Later<ClusterApi>,
  joined: readonly Step[],
): Step | undefined {
  const patchFor = (found?: Pick<Machine, 'nodeLabels'>): NodePatch | undefined => {
    const marks = marksOf(context, machine, found);
    return joinPatch(marks, selfAssignableLabels(marks.labels));
  };
  const expected = patchFor();
  if (!expected && !context.tools.provider.traits.bringsNodeLabels) return undefined;
  return labelStep(
    machine,
    expected ? describePatch(expected) : 'set the labels of its host',
    [...needsOf(api), prepared, ...joined],
    async (run) => {
      const patch = patchFor(run.output(prepared).machine);
      if (patch) await valueOf(api, run).kube.patchNode(machine.name, patch, run);
    },
  );
}

function labelStep(machine: DesiredMachine, text: string, needs: readonly Step[], apply: Step['apply']): Step {
  return { id: `label:${machine.name}`, phase: 'Label nodes', target: slotLabel(machine), text, needs, apply };
}

function marksOf(
  { spec }: PhaseContext,
  machine: DesiredMachine,
  found: Pick<Machine, 'nodeLabels'> | undefined,
): DesiredMarks {
  return {
    labels: desiredLabels(spec, { ...machine, nodeLabels: found?.nodeLabels }),
    taints: desiredTaints(spec, machine),
    owned: machine.role === 'control-plane' ? [controlPlaneTaint.key] : [],
  };
}

/** Reads as a plan line: `set tier=web; remove old; taints a:NoSchedule`. */
export function describePatch({ labels = {}, taints, unschedulable }: NodePatch): string {
  const entries = Object.entries(labels);
  const set = entries.flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  const removed = entries.flatMap(([key, value]) => (value === null ? [key] : []));
  const parts = [
    ...(unschedulable === false ? ['uncordon it: a run that was to remove it was stopped'] : []),
    ...(set.length > 0 ? [`set ${set.join(', ')}`] : []),
    ...(removed.length > 0 ? [`remove label ${removed.join(', ')}`] : []),
    ...(taints === undefined
      ? []
      : [
          taints.length === 0
            ? 'no taints'
            : `taints ${taints.map(({ key, effect }) => `${key}:${effect}`).join(', ')}`,
        ]),
  ];
  return parts.join('; ') || 'remember which labels and taints are the pool’s';
}
