import { isReplacedByApply, outdatedBeside, type OutdatedMachine, selectForRecycle } from '../../domain/index.js';
import type { ClusterFacts } from '../../phases/context.js';
import type { WorkflowContext } from '../context.js';
import type { Observation } from './observe.js';
import {
  addressHolder,
  draftReplacements,
  type RecycledCluster,
  type RecycleDraft,
  type ReplacementInput,
} from './recycle/draft.js';
import { candidatesOf } from './recycle/state.js';

/** How `cluster apply` replaces machines that are others than the file asks for. */
export type ReplaceOptions = Omit<ReplacementInput, 'spec'>;

/** One fresh machine at a time before its predecessor leaves, and no data is lost. */
export const carefully: ReplaceOptions = { maxSurge: 1, maxUnavailable: 0, lose: new Set() };

export interface ReplacementDraft extends Pick<RecycleDraft, 'steps' | 'waves' | 'monthly'> {
  /** By name. Each has another one when it is replaced, so that nothing has to be kept of what a stopped run was about. */
  readonly nodes: readonly string[];
}

/**
 * What is replaced because the file asks for another type, image or location; undefined where nothing is, or the API does
 * not answer, without which nothing can be drained.
 * @throws as `draftReplacements`
 */
export async function draftOutdatedReplaced(
  context: WorkflowContext,
  input: ReplacementInput,
  cluster: RecycledCluster,
  seen: Observation,
  purpose: 'change' | 'plan' | 'status',
): Promise<ReplacementDraft | undefined> {
  const { facts } = seen;
  const names = facts.outdated.filter(isReplacedByApply).map(({ machine }) => machine);
  if (!facts.api || names.length === 0) return undefined;
  const holder = purpose === 'status' ? undefined : await addressHolder(context, input, cluster, seen);
  const { targets } = selectForRecycle(candidatesOf(facts, holder), { kind: 'nodes', nodes: names }, undefined);
  if (targets.length === 0) return undefined;
  const draft = await draftReplacements(context, input, cluster, seen, targets, purpose);
  return { ...draft, nodes: targets.map(({ name }) => name) };
}

/** What no step of a plan makes what the file asks for. */
export const leftOutdated = (
  { outdated }: Pick<ClusterFacts, 'outdated'>,
  replacing: Pick<ReplacementDraft, 'nodes'> | undefined,
): readonly OutdatedMachine[] => outdatedBeside(outdated, new Set(replacing?.nodes));
