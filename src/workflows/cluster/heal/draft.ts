import {
  type DesiredMachine,
  type HealedBy,
  type Healing,
  type HealMachine,
  type HealPolicy,
  type HealVerdict,
  isDown,
  isHealed,
  judgeHealing,
  nodesAtOnce,
  type RecycleRound,
} from '../../../domain/index.js';
import type { Step } from '../../../engine/index.js';
import { SlipwayError, UsageError } from '../../../errors/index.js';
import type { ClusterApi } from '../../../phases/context.js';
import { planReboots } from '../../../phases/reboot.js';
import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';
import { progress, type WorkflowContext } from '../../context.js';
import { hostKeyProblems } from '../host-keys.js';
import { observe } from '../observe.js';
import { preflight } from '../preflight.js';
import { keyProblem } from '../ssh-key.js';
import { toolsFor } from '../tools.js';
import { type DemandLook, type DemandOptions, lookForDemand, noDemandSeen } from './demand.js';
import { type HealLook, type HealTarget, lookForHealing } from './look.js';
import type { HealedPlace } from './memory.js';

export interface HealOptions {
  /** Machines or hosts that are off by their owner's word. */
  readonly off: ReadonlySet<string>;
  readonly rebootAfterMs: number;
  readonly replaceAfterMs: number;
  /** `40%` or `2`. */
  readonly maxWorkersDown: string;
  /** Pools that scale by themselves follow their pods; undefined: they are left as they are. */
  readonly demand?: DemandOptions | undefined;
}

export interface HealDraft {
  readonly steps: readonly Step[];
  readonly healing: Healing;
  /** What is to be remembered before it is begun. */
  readonly begun: readonly Omit<HealedPlace, 'at'>[];
  readonly api: ClusterApi | undefined;
  readonly simulated: readonly string[];
  /** Pods that machines are made for, by uid. */
  readonly helps: readonly string[];
}

/**
 * Looks, judges, and says what would be done: machines started anew or replaced, and nothing else of what differs from the
 * file. Changes nothing.
 * @throws UsageError codes BAD_USAGE, UNKNOWN_MACHINE; RefusedError and UsageError: everything for which a replacement is
 * refused before its first step
 */
export async function draftHealing(
  context: WorkflowContext,
  { folder, record }: { readonly folder: ClusterFolder; readonly record: ClusterRecord },
  options: HealOptions,
): Promise<HealDraft> {
  const { target, look, healing, demand } = await judgeNow(context, { folder, record }, options);
  const { provider } = target;
  const acted = healing.verdicts.filter(isHealed);
  const { api, comparison } = look;
  const nothing = { healing, api, steps: [], begun: [], simulated: provider.traits.simulated, helps: demand.helps };
  if (!api || !comparison || acted.length === 0) return nothing;
  const idOf = (name: string): string => comparison.current.find((machine) => machine.name === name)?.id ?? '';
  const isNew = acted.some(({ does }) => does !== 'reboot');
  const rebooted = acted.filter(({ does }) => does === 'reboot');
  const tools = toolsFor(context, provider, folder);
  return {
    ...nothing,
    begun: acted.flatMap(({ place, does, name }) => {
      const did = healedBy(does);
      return did === undefined ? [] : [{ place, did, machine: idOf(name) }];
    }),
    steps: [
      ...planReboots(
        { tools, cluster: record },
        api,
        rebooted.map(({ name, place, because }) => ({ id: idOf(name), name, place, because })),
        options.replaceAfterMs,
      ),
      ...(!isNew ? [] : await replacements(context, target, healing.verdicts, look, demand)),
    ],
  };
}

/** As it is remembered; what only stands by has no place that it was done to. */
function healedBy(does: HealVerdict['does']): HealedBy | undefined {
  if (does === 'promote') return 'replace';
  return does === 'prepare' || does === 'wait' || does === 'refuse' ? undefined : does;
}

interface Judged {
  readonly target: HealTarget;
  readonly look: HealLook;
  /** What pools that scale by themselves are to do is among its verdicts. */
  readonly healing: Healing;
  readonly demand: DemandLook;
}

/** What is to be done as things are now, found with one call of the provider. @throws as `draftHealing` */
export async function judgeNow(
  context: WorkflowContext,
  { folder, record }: { readonly folder: ClusterFolder; readonly record: ClusterRecord },
  options: HealOptions,
): Promise<Judged> {
  const provider = await context.provider(record.spec.provider);
  const target: HealTarget = { provider, folder, record, off: options.off };
  progress(context, `looking at ${provider.title} and the cluster`);
  const look = await lookForHealing(context, target);
  refuseUnknown(record.name, options.off, look);
  const policy = policyOf(options, look);
  const healing = judgeHealing(look.view, policy);
  const demand = await demandNow(context, target, look, healing, policy, options.demand);
  return { target, look, healing: { ...healing, verdicts: [...healing.verdicts, ...demand.verdicts] }, demand };
}

/** What is lost comes first: nothing is made or removed beside a server that is not well, nor beyond what may be changed at once. */
async function demandNow(
  context: WorkflowContext,
  target: HealTarget,
  look: HealLook,
  { verdicts, refused }: Healing,
  { maxWorkersDown }: HealPolicy,
  options: DemandOptions | undefined,
): Promise<DemandLook> {
  const isServerIll = verdicts.some(({ role }) => role === 'control-plane');
  if (!options || refused || isServerIll || verdicts.some(({ does }) => does === 'remove')) return noDemandSeen;
  const budget = maxWorkersDown - verdicts.filter(isDown).length;
  try {
    return await lookForDemand(context, target, look, { budget, allWell: verdicts.length === 0 }, options);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof SlipwayError) return { ...noDemandSeen, failed: error };
    throw error;
  }
}

function policyOf({ rebootAfterMs, replaceAfterMs, maxWorkersDown }: HealOptions, look: HealLook): HealPolicy {
  const workers = look.view.machines.filter(({ role }) => role === 'worker').length;
  const count = nodesAtOnce(maxWorkersDown, workers);
  if (count !== undefined) return { rebootAfterMs, replaceAfterMs, maxWorkersDown: count };
  throw new UsageError(
    `--max-workers-down is ${JSON.stringify(maxWorkersDown)}, which is no number of workers and no share of them.`,
    { code: 'BAD_USAGE', hint: 'Write a number from 1 up (2), or a share from 1% to 100% (40%).' },
  );
}

/** Every step between what was found and a cluster in which these machines are replaced by fresh ones. */
async function replacements(
  context: WorkflowContext,
  { provider, folder, record }: HealTarget,
  verdicts: readonly HealVerdict[],
  { view, lostPlaces }: HealLook,
  demand: DemandLook,
): Promise<readonly Step[]> {
  const { spec } = record;
  const named = (...actions: readonly HealVerdict['does'][]): ReadonlySet<string> =>
    new Set(verdicts.filter(({ does }) => actions.includes(does)).map(({ name }) => name));
  const replaced = named('replace', 'promote');
  const leaving = named('remove');
  const tools = toolsFor(context, provider, folder);
  const key = await folder.storedIdentity();
  const lost = new Map(
    [...replaced].flatMap((name) => {
      const how = howLost(view.machines.find((one) => one.name === name)!);
      return how ? [[name, how] as const] : [];
    }),
  );
  const round: RecycleRound = {
    replacing: new Set([...replaced, ...leaving]),
    leavingFirst: new Set(),
    demand: { places: [...lostPlaces, ...demand.demand.places], leaving },
    healing: {
      left: new Set(verdicts.filter((one) => !isHealed(one) || one.does === 'reboot').map(({ name }) => name)),
      hanging: new Set([...lost].filter(([, how]) => how === 'hanging').map(([name]) => name)),
    },
  };
  const publicKey = key?.publicKey ?? context.newKeyPair().publicKey;
  const seen = await observe(context, tools, record, spec, publicKey, 'look at hosts', round);
  const problem = keyProblem(folder, record, key?.publicKey, seen.facts);
  if (problem) throw problem;
  seen.refuseLostControlPlane();
  const userData = async (machine: DesiredMachine): Promise<string> =>
    context.cloudInit({
      hostname: machine.name,
      sshPublicKey: publicKey,
      hostKey: await folder.firstHostKey(machine.name),
    });
  const { steps, removals, tokenSources } = seen.plan({ userData, lost });
  const hostKeys = await hostKeyProblems(context, tools, seen, { tokenSources });
  await preflight(provider, spec, seen, context.signal, { hostKeys });
  return [...steps, ...removals];
}

/** Undefined where its provider says that it is off, which is enough. */
function howLost({ machine, confirmedOff }: HealMachine): 'off' | 'hanging' | 'gone' | undefined {
  if (machine === 'gone') return 'gone';
  if (confirmedOff) return 'off';
  return machine === 'running' ? 'hanging' : undefined;
}

/** @throws UsageError code UNKNOWN_MACHINE */
function refuseUnknown(cluster: string, off: ReadonlySet<string>, { comparison }: HealLook): void {
  const machines = comparison?.current ?? [];
  const unknown = [...off].find((name) => !machines.some((one) => one.name === name || one.host === name));
  if (unknown === undefined || !comparison) return;
  throw new UsageError(`${cluster} has no machine called ${unknown}.`, {
    code: 'UNKNOWN_MACHINE',
    hint: `Name one by its node or, where it is a host of the file, by that: ${machines.map(({ name, host }) => host ?? name).join(', ')}.`,
  });
}
