import { labelKeys } from '../../domain/labels.js';
import { bySlot, type Machine } from '../../domain/machine.js';
import type { NodeFacts } from '../../kube/types.js';
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

type Nodes = ReadonlyMap<string, NodeFacts> | undefined;

/** The pools that have machines, the control plane first. Changes nothing. */
export async function listPools(context: WorkflowContext, name: string): Promise<readonly ListedPool[]> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const provider = await context.provider(record.spec.provider);
  const [found, kubeconfig] = await Promise.all([
    provider.machines.list(record, { signal: context.signal }),
    folder.kubeconfig(),
  ]);
  const haveMachines =
    found.length > 0 || (await context.distribution(record.spec.kubernetes.distribution)).nodesAreMachines;
  const isWorthALook = found.length > 0 || !haveMachines;
  const nodes = isWorthALook && kubeconfig ? (await reach(context, kubeconfig))?.nodes : undefined;
  const members = haveMachines ? [...found].sort(bySlot) : nodesInPools(nodes);
  return [...new Set(members.map(({ pool }) => pool))].map((pool) => {
    const own = members.filter((member) => member.pool === pool);
    return {
      name: pool,
      machines: own.length,
      ready: own.filter((member) => nodes?.get(member.name)?.ready === true).length,
      types: [...new Set(own.map(({ type }) => type))],
    };
  });
}

/** Nodes that somebody else makes, by what their labels tell. */
const nodesInPools = (nodes: Nodes): readonly Pick<Machine, 'name' | 'pool' | 'type'>[] =>
  [...(nodes?.values() ?? [])].flatMap(({ name, labels }) => {
    const { [labelKeys.pool]: pool, 'node.kubernetes.io/instance-type': type = 'unknown' } = labels;
    return pool === undefined ? [] : [{ name, pool, type }];
  });
