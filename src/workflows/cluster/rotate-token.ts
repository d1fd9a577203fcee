import { plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { reachable } from '../component/status.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { knownCluster } from './known-cluster.js';
import { lookForRotation } from './rotate/look.js';
import { rotatedTokensNote } from './rotate/notes.js';
import { isTokenRotationBegun } from './rotate/unfinished.js';

export interface RotateTokenInput {
  readonly cluster: string;
  /** `10%` or `2`: how many workers may be down at once. */
  readonly maxUnavailable: string;
  readonly dryRun: boolean;
}

export interface RotateTokenResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
  readonly machines: number;
}

interface TokenDraft {
  readonly steps: readonly Step[];
  readonly machines: number;
  readonly isBegun: boolean;
}

/**
 * Has the nodes of a cluster join with other tokens, and no longer with those of before. Backups keep the token of their time.
 * Killed anywhere, the same command goes on with the same tokens.
 * @throws RefusedError codes NODES_DOWN, QUORUM; IncompleteError codes KUBE_UNREACHABLE, ROLLOUT_STOPPED
 */
export async function rotateToken(
  context: WorkflowContext,
  input: RotateTokenInput,
  retryCommand: string,
): Promise<RotateTokenResult> {
  const { folder } = await knownCluster(context.workspace, input.cluster);
  const operation = 'cluster rotate-token';
  const draft = (looking: WorkflowContext): Promise<TokenDraft> => draftTokens(looking, input);
  const result = ({ steps, machines }: TokenDraft): RotateTokenResult => ({
    cluster: input.cluster,
    dryRun: input.dryRun,
    steps: steps.map(stepInfo),
    machines,
  });
  if (input.dryRun) return result(await draft(context));
  const confirmation = (drafted: TokenDraft): Promise<Confirmation> =>
    Promise.resolve(confirmationOf(input.cluster, drafted));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (drafted, _, { admit }) => {
    await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    await folder.note(rotatedTokensNote, { at: new Date(context.clock.now()).toISOString() });
    return result(drafted);
  });
}

async function draftTokens(
  context: WorkflowContext,
  { cluster, maxUnavailable }: RotateTokenInput,
): Promise<TokenDraft> {
  const { folder, record } = await knownCluster(context.workspace, cluster);
  const isBegun = await isTokenRotationBegun(folder);
  const { phase, rotations, rolling } = await lookForRotation(context, { folder, record, maxUnavailable, isBegun });
  const api = phase.facts.api ?? (await reachable(context, cluster, await folder.kubeconfig()));
  return {
    steps: rotations.planTokens(phase, api, rolling),
    machines: phase.facts.machines.length,
    isBegun,
  };
}

const confirmationOf = (name: string, { machines, isBegun }: TokenDraft): Confirmation => ({
  question: `${isBegun ? 'Finish rotating' : 'Rotate'} the tokens of ${name} on ${plural(machines, 'machine')}?`,
  details: [
    'Kubernetes is started anew on every node, one server at a time. Pods run on.',
    'Nothing joins with the old tokens any more. Backups open with those of their time, which they keep.',
  ],
  flags: '--yes',
});
