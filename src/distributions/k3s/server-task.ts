import { type Secret, slotLabel, type DesiredMachine } from '../../domain/index.js';
import { type StepContext, valueIfKnown } from '../../engine/index.js';
import { startServer } from './host/index.js';
import type { HostTask } from '../../remote/types.js';
import type { K3sContext as PhaseContext } from './context.js';
import { deadlines } from '../../phases/deadlines.js';
import { desiredTaints } from '../../phases/desired-marks.js';
import type { InfrastructurePlan } from '../../phases/infrastructure.js';
import type { PreparedHost } from './hosts.js';
import type { MachinePlan } from '../../phases/machines.js';
import { nodeSettings } from './node-settings.js';

/** What servers and agents join with. */
export interface JoinTokens {
  readonly server: Secret;
  readonly agent: Secret;
}

export interface ServerJoin {
  /** Every name and address by which the API may be called: `serverNames`. */
  readonly tlsSans: readonly string[];
  /** Undefined on the server that starts the cluster. */
  readonly joinAddress: string | undefined;
  readonly tokens: JoinTokens;
}

/** The host task that starts a server, or starts one anew whose settings are others now. */
export function serverTask(
  context: PhaseContext,
  host: PreparedHost,
  server: Pick<DesiredMachine, 'pool' | 'role'>,
  join: ServerJoin,
): HostTask {
  const { spec, facts } = context;
  return startServer({
    ...nodeSettings(context, host),
    ...join,
    taints: desiredTaints(spec, server),
    network: spec.network,
    disable: facts.disabledParts,
    quarantine: context.restore?.quarantine !== undefined,
    deadlineMs: deadlines.serverStart,
  });
}

/** Every name and address by which the API may be called, as far as known now. */
export function serverNames(
  { facts, spec }: PhaseContext,
  { machines }: Pick<MachinePlan, 'machines'>,
  { balancer }: Pick<InfrastructurePlan, 'balancer'>,
  run: StepContext,
): string[] {
  const addresses = facts.comparison.desired
    .filter(({ role }) => role === 'control-plane')
    .flatMap((server) => {
      const machine = valueIfKnown(machines.get(slotLabel(server))!, run);
      return machine ? [machine.publicAddress, machine.privateAddress] : [];
    });
  const shared = [balancer && valueIfKnown(balancer, run)?.address, spec.kubernetes.api.address];
  return [...new Set([...addresses, ...shared].filter((address) => address !== undefined))];
}
