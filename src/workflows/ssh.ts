import { bySlot, slotLabel } from '../domain/index.js';
import { UsageError } from '../errors/index.js';
import { hostTarget } from '../phases/session.js';
import type { HostTarget } from '../remote/types.js';
import type { WorkflowContext } from './context.js';
import { knownCluster } from './known-cluster.js';

/**
 * Where and with which keys to log in to a machine, given by its name or its place (`workers-2`).
 * @throws UsageError code UNKNOWN_MACHINE, listing the machines there are.
 */
export async function sshTarget(context: WorkflowContext, name: string, machineName = 'cp-1'): Promise<HostTarget> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const provider = await context.provider(record.spec.provider);
  const machines = await provider.machines.list(record, { signal: context.signal });
  const machine =
    machines.find((candidate) => candidate.name === machineName) ??
    machines.find((candidate) => slotLabel(candidate) === machineName);
  if (!machine) {
    throw new UsageError(`${name} has no machine ${machineName}.`, {
      code: 'UNKNOWN_MACHINE',
      hint: `It has: ${[...machines].sort(bySlot).map(slotLabel).join(', ') || 'none'}.`,
    });
  }
  return hostTarget({ provider, folder }, machine, context);
}
