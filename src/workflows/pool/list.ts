import { newStandby } from '../../domain/labels.js';
import { bySlot } from '../../domain/machine.js';
import { note, type WorkflowContext } from '../context.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { unlessShutOut } from '../cluster/shut-out.js';
import { reach } from '../../phases/reach.js';
import { nodesInPools } from './nodes-in-pools.js';

export interface ListedPool {
  readonly name: string;
  readonly machines: number;
  /** How many of them are Ready nodes; none while the API does not answer, undefined where it lets nobody in. */
  readonly ready: number | undefined;
  /** How many machines stand by for it, and how many of them are prepared; they are not among `machines`. */
  readonly standbys: number;
  readonly prepared: number;
  /** How many machines it may have, where it scales by itself. */
  readonly autoscale?: { readonly min: number; readonly max: number } | undefined;
  readonly types: readonly string[];
}

/** The pools that have machines, or may have some by themselves, the control plane first. Changes nothing. */
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
  const inside =
    isWorthALook && kubeconfig ? await unlessShutOut(context, folder, reach(context, kubeconfig)) : undefined;
  const shutOut = inside && 'shutOut' in inside ? inside.shutOut : undefined;
  const nodes = inside && 'found' in inside ? inside.found?.nodes : undefined;
  if (shutOut !== undefined) note(context, `Nodes could not be looked at: ${shutOut}`, 'warning');
  const members = haveMachines ? [...found].sort(bySlot) : nodesInPools(nodes);
  const standing = found.filter(({ standby }) => standby !== undefined);
  const scaled = record.spec.pools.filter(({ autoscale }) => autoscale !== undefined);
  return [...new Set([...members, ...scaled.map((one) => ({ pool: one.name }))].map(({ pool }) => pool))].map(
    (pool) => {
      const { autoscale } = scaled.find((one) => one.name === pool) ?? {};
      const all = members.filter((member) => member.pool === pool);
      const standbys = standing.filter((machine) => machine.pool === pool);
      const own = all.filter(({ name: member }) => !standbys.some((one) => one.name === member));
      return {
        name: pool,
        machines: own.length,
        ready:
          shutOut === undefined ? own.filter(({ name: one }) => nodes?.get(one)?.ready === true).length : undefined,
        standbys: standbys.length,
        prepared: standbys.filter(({ standby }) => standby !== newStandby).length,
        ...(autoscale ? { autoscale: { min: autoscale.min, max: autoscale.max } } : {}),
        types: [...new Set(all.map(({ type = 'unknown' }) => type))],
      };
    },
  );
}
