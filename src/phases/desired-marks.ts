import { controlPlaneTaint, labelKeys, type Machine, type DesiredMachine } from '../domain/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { NodeTaint } from '../kube/types.js';

/** Labels a node shall carry: those that come with its machine, those of its pool, and the pool's name. */
export function desiredLabels(
  spec: ClusterSpec,
  machine: Pick<DesiredMachine, 'pool'> & Pick<Machine, 'nodeLabels'>,
): Record<string, string> {
  const pool = spec.pools.find((candidate) => candidate.name === machine.pool);
  return { ...machine.nodeLabels, ...pool?.labels, [labelKeys.pool]: machine.pool };
}

/** One that scales by itself makes its machines when there are pods for them. */
const carriesPods = ({ count, autoscale }: ClusterSpec['pools'][number]): boolean =>
  count > 0 || autoscale !== undefined;

/** Taints a node shall carry. Servers have one only while some pool has machines. */
export function desiredTaints(spec: ClusterSpec, machine: Pick<DesiredMachine, 'pool' | 'role'>): readonly NodeTaint[] {
  if (machine.role === 'control-plane') return spec.pools.some(carriesPods) ? [controlPlaneTaint] : [];
  return spec.pools.find((candidate) => candidate.name === machine.pool)?.taints ?? [];
}
