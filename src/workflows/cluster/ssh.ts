import { bySlot, slotLabel } from '../../domain/index.js';
import { UsageError } from '../../errors/index.js';
import { hostTarget } from '../../phases/session.js';
import type { HostTarget } from '../../remote/types.js';
import type { WorkflowContext } from '../context.js';
import { knownCluster } from './known-cluster.js';
import { refuseLacking } from './lacking.js';

/**
 * Where and with which keys to log in to a machine, given by its name or its place (`workers-2`).
 * @throws UsageError code UNKNOWN_MACHINE, listing the machines there are.
 */
export async function sshTarget(context: WorkflowContext, name: string, machineName = 'cp-1'): Promise<HostTarget> {
  const { folder, record } = await knownCluster(context.workspace, name);
  await refuseLacking(context, record, 'cluster ssh');
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
  return wholePins(context, await hostTarget({ provider, folder }, machine, context));
}

/** How long a host may take to show the key behind a fingerprint, in milliseconds. */
const patienceMs = 15_000;

/** OpenSSH's client knows no fingerprints: a host that proved itself by one is asked which key that is. */
async function wholePins(
  { remote, signal }: Pick<WorkflowContext, 'remote' | 'signal'>,
  target: HostTarget,
): Promise<HostTarget> {
  const jump = target.jump && (await wholePins({ remote, signal }, target.jump));
  const pins = await target.pins();
  if (!pins.some((pin) => pin.startsWith('SHA256:'))) return { ...target, jump };
  const { hostKey } = await remote.connect(target, patienceMs, { signal });
  return { ...target, jump, pins: async () => [hostKey] };
}
