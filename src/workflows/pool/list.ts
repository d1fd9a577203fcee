import { bySlot } from '../../domain/machine.js';
import type { WorkflowContext } from '../context.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { reach } from '../../phases/reach.js';

export interface ListedPool {
  readonly name: string;
  readonly machines: number;
  /** How many of them are Ready nodes; none while the API does not answer. */
  readonly ready: number;
  readonly types: readonly string[];
}

/** The pools that have machines, the control plane first. Changes nothing. */
export async function listPools(context: WorkflowContext, name: string): Promise<readonly ListedPool[]> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const provider = await context.provider(record.spec.provider);
  const [found, kubeconfig] = await Promise.all([
    provider.machines.list(record, { signal: context.signal }),
    folder.kubeconfig(),
  ]);
  const nodes = found.length > 0 && kubeconfig ? (await reach(context, kubeconfig))?.nodes : undefined;
  const machines = [...found].sort(bySlot);
  return [...new Set(machines.map(({ pool }) => pool))].map((pool) => {
    const own = machines.filter((machine) => machine.pool === pool);
    return {
      name: pool,
      machines: own.length,
      ready: own.filter((machine) => nodes?.get(machine.name)?.ready === true).length,
      types: [...new Set(own.map(({ type }) => type))],
    };
  });
}
