import { slotLabel } from '../domain/index.js';
import { needsOf, type Step, valueOf } from '../engine/index.js';
import { selfAssignableLabels } from '../k3s/index.js';
import type { NodeFacts, NodePatch, NodeTaint } from '../kube/types.js';
import type { PhaseContext } from './context.js';
import type { ControlPlanePlan } from './control-plane.js';
import type { HostPlan } from './hosts.js';
import { controlPlaneTaint, wantedLabels, wantedTaints } from './node-settings.js';

/** Labels and taints of nodes that are Ready already, and those that a kubelet may not give itself. */
export function planLabels(context: PhaseContext, hosts: HostPlan, controlPlane: ControlPlanePlan): readonly Step[] {
  const { facts, spec } = context;
  return facts.comparison.wanted.flatMap((machine): Step[] => {
    const label = slotLabel(machine);
    const kept = facts.comparison.kept.find(({ name }) => name === machine.name);
    const labels = wantedLabels(spec, { ...machine, nodeLabels: kept?.nodeLabels });
    const taints = wantedTaints(spec, machine);
    const node = facts.nodes?.get(machine.name);
    const joins = hosts.prepared.has(label);
    const patch = joins
      ? joinPatch(labels, selfAssignableLabels(labels))
      : node && nodePatch(node, labels, taints, machine.role === 'control-plane' ? [controlPlaneTaint.key] : []);
    if (!patch) return [];
    return [
      {
        id: `label:${label}`,
        phase: 'Label nodes',
        target: label,
        text: describePatch(patch),
        needs: [
          ...needsOf(controlPlane.api),
          ...(joins
            ? [
                ...controlPlane.joined.filter((id) => id.endsWith(`:${label}`)),
                ...(machine.role === 'worker' ? [`join:${label}`] : []),
              ]
            : []),
        ],
        apply: (run) => valueOf(controlPlane.api, run).kube.patchNode(machine.name, patch, run),
      },
    ];
  });
}

function joinPatch(
  all: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): NodePatch | undefined {
  const missing = Object.fromEntries(Object.entries(all).filter(([key]) => !(key in given)));
  return Object.keys(missing).length === 0 ? undefined : { labels: missing };
}

/** What to change on a node, undefined when it is right. Taints of others stay; `owned` keys are ours to take away. */
export function nodePatch(
  node: Pick<NodeFacts, 'labels' | 'taints'>,
  labels: Readonly<Record<string, string>>,
  taints: readonly NodeTaint[],
  owned: readonly string[],
): NodePatch | undefined {
  const missing = Object.fromEntries(Object.entries(labels).filter(([key, value]) => node.labels[key] !== value));
  const same = (a: NodeTaint, b: NodeTaint): boolean => a.key === b.key && a.effect === b.effect;
  const equal = (a: NodeTaint, b: NodeTaint): boolean => same(a, b) && (a.value ?? '') === (b.value ?? '');
  const kept = node.taints.filter(
    (taint) => !taints.some((wanted) => same(wanted, taint)) && !owned.includes(taint.key),
  );
  const next = [...kept, ...taints];
  const tainted =
    next.length !== node.taints.length || next.some((taint) => !node.taints.some((present) => equal(present, taint)));
  if (Object.keys(missing).length === 0 && !tainted) return undefined;
  return { ...(Object.keys(missing).length > 0 ? { labels: missing } : {}), ...(tainted ? { taints: next } : {}) };
}

function describePatch({ labels, taints }: NodePatch): string {
  const parts = [
    ...Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value ?? ''}`),
    ...(taints === undefined
      ? []
      : [
          taints.length === 0
            ? 'no taints'
            : `taints ${taints.map(({ key, effect }) => `${key}:${effect}`).join(', ')}`,
        ]),
  ];
  return `set ${parts.join(', ')}`;
}
