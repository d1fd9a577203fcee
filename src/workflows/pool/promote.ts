import { RefusedError } from '../../errors/index.js';
import { knownCluster } from '../cluster/known-cluster.js';
import type { WorkflowContext } from '../context.js';

/**
 * Promoting is for what is there: where nothing stands by, a machine would be made, which `pool scale` is for.
 * @throws RefusedError code NO_STANDBY
 */
export async function refuseWithoutStandby(context: WorkflowContext, name: string, pool: string): Promise<void> {
  const { record } = await knownCluster(context.workspace, name);
  const provider = await context.provider(record.spec.provider);
  const machines = await provider.machines.list(record, { signal: context.signal });
  const waiting = machines.filter((machine) => machine.pool === pool && machine.standby !== undefined);
  if (waiting.some(({ status }) => status === 'running')) return;
  throw new RefusedError(
    waiting.length === 0
      ? `No machine stands by for ${pool} of ${name}.`
      : `No standby of ${pool} runs: ${waiting.map((one) => `${one.name} is ${one.status}`).join(', ')}.`,
    {
      code: 'NO_STANDBY',
      hint: `Have one made: slipway pool scale ${name} ${pool} --standby 1. To make the pool larger without one: slipway pool scale ${name} ${pool} --count N`,
    },
  );
}
