import { type Healing, type HealVerdict, isHealed, plural } from '../../domain/index.js';
import { halfWay, InterruptedError, RefusedError, SlipwayError } from '../../errors/index.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { type Change, confirmed } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { draftHealing, type HealDraft, type HealOptions } from './heal/draft.js';
import { rememberHealed } from './heal/memory.js';
import { knownCluster } from './known-cluster.js';
import { tokenRemarks } from './rotate/unfinished.js';
import { healIlls, stoppedIll } from '../notify/ills.js';
import { tell } from '../notify/tell.js';

export interface HealInput extends HealOptions {
  readonly cluster: string;
  readonly dryRun: boolean;
}

export interface HealResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** One for each machine that was not well. */
  readonly verdicts: readonly HealVerdict[];
  /** What was done, or with `dryRun` would be, in its order. */
  readonly steps: readonly StepInfo[];
  readonly simulated: readonly string[];
}

/**
 * Looks for machines that are lost, starts them anew or replaces them; where there are none, or time may still bring them
 * back, it does nothing. Whoever the cluster notifies is told of what was done or refused.
 * @throws RefusedError code HEAL_REFUSED, with what a person has to do; IncompleteError where others were healed
 */
export async function healCluster(
  context: WorkflowContext,
  input: HealInput,
  retryCommand: string,
): Promise<HealResult> {
  if (input.dryRun) return heal(context, input, retryCommand, { healing: undefined, isDone: false });
  const { cluster } = input;
  const { folder, record } = await knownCluster(context.workspace, cluster);
  const seen: Progress = { healing: undefined, isDone: false };
  try {
    const result = await heal(context, input, retryCommand, seen);
    await tell(context, folder, record, { ills: healIlls({ cluster, ...seen, refused: undefined }), looked: ['heal'] });
    return result;
  } catch (error) {
    if (!(error instanceof SlipwayError) || error instanceof InterruptedError) throw error;
    if (error.code === 'HEAL_REFUSED')
      await tell(context, folder, record, { ills: healIlls({ cluster, ...seen, refused: error }), looked: ['heal'] });
    else if (seen.healing?.verdicts.some(isHealed))
      await tell(context, folder, record, { ills: [stoppedIll('heal', cluster, 'Healing', error)], looked: [] });
    throw error;
  }
}

/** How far it came. */
interface Progress {
  healing: Healing | undefined;
  isDone: boolean;
}

async function heal(
  context: WorkflowContext,
  input: HealInput,
  retryCommand: string,
  seen: Progress,
): Promise<HealResult> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  const operation = 'cluster heal';
  const draft = async (looking: WorkflowContext): Promise<HealDraft> => {
    const { record: now } = await knownCluster(context.workspace, input.cluster);
    for (const remark of await tokenRemarks(folder)) note(looking, remark, 'warning');
    const found = await draftHealing(looking, { folder, record: now }, input);
    seen.healing = found.healing;
    const refused = refusalOf(record.name, found);
    if (refused && found.steps.length === 0 && !(input.dryRun && found.healing.verdicts.length > 0)) throw refused;
    return found;
  };
  if (input.dryRun) return resultOf(input, await draft(context));
  const change: Change<HealDraft> = {
    folder,
    operation,
    retryCommand,
    draft,
    confirmation: async (found) => confirmationOf(record.name, found),
    api: (found) => found.api,
  };
  return confirmed(context, change, async (found, once, { admit }) => {
    const refused = refusalOf(record.name, found);
    const { api, begun, steps } = found;
    if (api && steps.length > 0) {
      await admit();
      const now = context.clock.now();
      const at = new Date(now).toISOString();
      await rememberHealed(
        api.kube,
        begun.map((one) => ({ ...one, at })),
        now,
        context,
      );
      await execute(once, folder, operation, steps, retryCommand, admit);
      input.demand?.seen.help(found.helps);
      seen.isDone = true;
    }
    if (refused) throw halfWay(refused);
    return resultOf(input, found);
  });
}

/** What a person has to do; undefined where nothing was refused. */
export function refusalOf(cluster: string, { healing }: Pick<HealDraft, 'healing'>): RefusedError | undefined {
  const { refused, verdicts } = healing;
  if (refused) {
    return new RefusedError(`${refused.because} Nothing was changed.`, {
      code: 'HEAL_REFUSED',
      hint: wayOut[refused.why](cluster),
    });
  }
  const refusing = verdicts.filter(({ does }) => does === 'refuse');
  if (refusing.length === 0) return undefined;
  return new RefusedError(
    `${refusing.map(({ name }) => name).join(', ')} ${refusing.length === 1 ? 'is' : 'are'} down and ${refusing.length === 1 ? 'was' : 'were'} left so.`,
    {
      code: 'HEAL_REFUSED',
      details: refusing.map(verdictLine),
      hint: `See what is wrong: slipway cluster status ${cluster}`,
    },
  );
}

const wayOut: Readonly<Record<'provider' | 'api' | 'quorum', (cluster: string) => string>> = {
  provider: (cluster) => `Try again in a minute: slipway cluster heal ${cluster}`,
  api: (cluster) => `Try it from another place, or see what answers: slipway cluster status ${cluster}`,
  quorum: (cluster) =>
    `Start a server that is only off, at its provider: etcd then has its majority again. Where none can be started, make the cluster anew from a backup: slipway cluster restore ${cluster}`,
};

/** `demo-web-1-x7k2p: replace: its machine is gone` */
export const verdictLine = ({ name, does, because }: HealVerdict): string =>
  `${name}: ${does === 'refuse' ? '' : `${does}: `}${because}`;

function confirmationOf(cluster: string, { steps, healing }: HealDraft): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  const acted = healing.verdicts.filter(isHealed);
  return {
    question: `Heal ${plural(acted.length, 'machine')} of ${cluster} in ${plural(steps.length, 'step')}?`,
    details: acted.map(verdictLine),
    flags: '--yes',
  };
}

const resultOf = ({ cluster, dryRun }: HealInput, { healing, steps, simulated }: HealDraft): HealResult => ({
  cluster,
  dryRun,
  verdicts: healing.verdicts,
  steps: steps.map(stepInfo),
  simulated,
});
