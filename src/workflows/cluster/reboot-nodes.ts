import { plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { reachable } from '../component/status.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { knownCluster } from './known-cluster.js';
import { lookForRotation } from './rotate/look.js';

export interface RebootInput {
  readonly cluster: string;
  /** `10%` or `2`: how many workers may be down at once. */
  readonly maxUnavailable: string;
  readonly dryRun: boolean;
}

export interface RebootResult {
  readonly cluster: string;
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
}

interface RebootDraft {
  readonly steps: readonly Step[];
  readonly machines: number;
}

/**
 * Reboots the machines whose updates wait for it, each once its pods have gone where there is somewhere to go: one server at a
 * time, then workers in waves. Killed anywhere, it goes on with those that still wait.
 * @throws RefusedError codes NODES_DOWN, QUORUM; IncompleteError codes DRAIN_TIMEOUT, ROLLOUT_STOPPED
 */
export async function rebootNodes(
  context: WorkflowContext,
  input: RebootInput,
  retryCommand: string,
): Promise<RebootResult> {
  const { cluster } = input;
  const { folder } = await knownCluster(context.workspace, cluster);
  const operation = 'maintain';
  const draft = (looking: WorkflowContext): Promise<RebootDraft> => draftReboots(looking, input);
  const result = ({ steps }: RebootDraft): RebootResult => ({ cluster, steps: steps.map(stepInfo) });
  if (input.dryRun) return result(await draft(context));
  const confirmation = ({ machines }: RebootDraft): Promise<Confirmation | undefined> =>
    Promise.resolve(machines === 0 ? undefined : confirmationOf(cluster, machines));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (drafted, _, { admit }) => {
    if (drafted.steps.length > 0) await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    return result(drafted);
  });
}

async function draftReboots(context: WorkflowContext, { cluster, maxUnavailable }: RebootInput): Promise<RebootDraft> {
  const { folder, record } = await knownCluster(context.workspace, cluster);
  // A machine that a killed run was at may be on its way up.
  const look = await lookForRotation(context, { folder, record, maxUnavailable, isBegun: true });
  const { phase, seen, rolling } = look;
  const reboots = await seen.distribution.reboots?.();
  if (!reboots) return { steps: [], machines: 0 };
  const api = phase.facts.api ?? (await reachable(context, cluster, await folder.kubeconfig()));
  const { waiting } = await reboots.look(phase.tools, phase.facts.machines, context);
  const machines = new Set(waiting.keys());
  return { steps: reboots.plan(phase, api, { ...rolling, machines }), machines: machines.size };
}

const confirmationOf = (cluster: string, machines: number): Confirmation => ({
  question: `Reboot ${plural(machines, 'machine')} of ${cluster}, one after another?`,
  details: ['The pods of each move first, where there is another node for them.'],
  flags: '--yes',
});
