import { type DemandPolicy, isHealed, type Healing, type HealVerdict } from '../../../domain/index.js';
import { InterruptedError, SlipwayError } from '../../../errors/index.js';
import { note, type WorkflowContext } from '../../context.js';
import { tellingOnce } from '../../telling-once.js';
import { healCluster, refusalOf, verdictLine } from '../heal.js';
import { knownCluster } from '../known-cluster.js';
import { tokenRemarks } from '../rotate/unfinished.js';
import { healIlls } from '../../notify/ills.js';
import { tell } from '../../notify/tell.js';
import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';
import { type DemandOptions, DemandSightings } from './demand.js';
import { type HealOptions, judgeNow } from './draft.js';
import { StandingIlls } from './standing.js';

export interface WatchResult {
  readonly cluster: string;
  /** How often something was done. */
  readonly rounds: number;
}

export interface WatchInput extends Omit<HealOptions, 'demand'> {
  readonly cluster: string;
  /** When pools that scale by themselves follow their pods; undefined: they are left at their size. */
  readonly pace?: DemandPolicy | undefined;
}

/** Milliseconds between two looks, each of which is one call of the provider. */
const lookEveryMs = 5_000;
/** After a round that failed: doubled each time, so that what nobody repairs is not tried all the time. */
const firstPauseMs = 30_000;
const longestPauseMs = 600_000;
/** After a machine that pods wait for could not be made, or an empty one not removed: doubled likewise. Healing goes on meanwhile. */
const firstCoolingMs = 60_000;
/** After somebody could not be told. */
const tellAgainMs = 60_000;

/**
 * Looks again and again, and heals as soon as there is something to heal; the cluster is only held while that goes on. What
 * fails is told, and tried again. Ends when it is interrupted.
 * @param until ends it, too, once what is at work is done
 * @throws UsageError code UNKNOWN_CLUSTER, BAD_USAGE; InterruptedError where it was at work
 */
export async function watchCluster(
  context: WorkflowContext,
  input: WatchInput,
  retryCommand: string,
  until: AbortSignal = context.signal,
): Promise<WatchResult> {
  const { clock, signal } = context;
  const watch = new Watch(context, input, retryCommand);
  await knownCluster(context.workspace, input.cluster);
  note(context, `watching ${input.cluster}, looking every ${lookEveryMs / 1000} s`);
  const over = AbortSignal.any([signal, until]);
  while (!over.aborted) {
    const pauseMs = await watch.look();
    await clock.sleep(pauseMs, over).catch(() => undefined);
  }
  return { cluster: input.cluster, rounds: watch.rounds };
}

const isOnDemand = ({ does }: Pick<HealVerdict, 'does'>): boolean => does === 'add' || does === 'remove';

const wordsOf = ({ message, details, hint }: SlipwayError): string =>
  [message, ...details, ...(hint === undefined ? [] : [hint])].join(' ');

class Watch {
  rounds = 0;
  #told = '';
  #failed = 0;
  #cooled = 0;
  #coolUntil = 0;
  #unmet = '';
  readonly #seen = new DemandSightings();
  readonly #standing = new StandingIlls();
  /** When those are to be told again who could not be; undefined: all know. */
  #tellAgainAt: number | undefined;
  /** What is looked at every few seconds is said once. */
  readonly #quiet: WorkflowContext;

  constructor(
    private readonly context: WorkflowContext,
    private readonly input: WatchInput,
    private readonly retryCommand: string,
  ) {
    this.#quiet = tellingOnce(context);
  }

  /** @returns how long to wait until the next look */
  async look(): Promise<number> {
    let healing: Healing | undefined;
    try {
      const options = { ...this.input, demand: this.#demand() };
      healing = await this.#judge(options);
      if (!healing || !healing.verdicts.some(isHealed)) return lookEveryMs;
      await healCluster(this.context, { ...options, dryRun: false }, this.retryCommand);
      this.rounds += 1;
      this.#failed = 0;
      if (healing.verdicts.some(isOnDemand)) this.#cooled = 0;
      return lookEveryMs;
    } catch (error) {
      if (!(error instanceof SlipwayError) || error instanceof InterruptedError) throw error;
      if (healing && healing.verdicts.filter(isHealed).every(isOnDemand)) return this.#coolDown(error);
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failed);
      this.#failed += 1;
      note(this.context, `${wordsOf(error)} Looking again in ${pauseMs / 1000} s.`, 'warning');
      return pauseMs;
    }
  }

  /** Undefined while it cools down. */
  #demand(): DemandOptions | undefined {
    const { pace } = this.input;
    if (!pace || this.context.clock.monotonic() < this.#coolUntil) return undefined;
    return { ...pace, seen: this.#seen };
  }

  /** Pods wait on; machines that are lost do not. */
  #coolDown(error: SlipwayError): number {
    const pauseMs = Math.min(longestPauseMs, firstCoolingMs * 2 ** this.#cooled);
    this.#cooled += 1;
    this.#coolUntil = this.context.clock.monotonic() + pauseMs;
    const text = `Pools are left at their size for ${pauseMs / 1000} s: ${wordsOf(error)}`;
    note(this.context, text, 'warning');
    return lookEveryMs;
  }

  /** Undefined where it was interrupted meanwhile, which ends a look without harm. */
  async #judge(options: HealOptions): Promise<Healing | undefined> {
    const { signal, workspace } = this.context;
    try {
      const { folder, record } = await knownCluster(workspace, this.input.cluster);
      for (const remark of await tokenRemarks(folder)) note(this.#quiet, remark, 'warning');
      const { healing, demand, target, look } = await judgeNow(this.#quiet, { folder, record }, options);
      this.#say(healing);
      this.#sayUnmet(demand.unmet);
      if (demand.failed) this.#coolDown(demand.failed);
      await this.#tell(healing, folder, record);
      if (!healing.verdicts.some(isHealed)) await this.#standing.tell(this.#quiet, target, look);
      return healing;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** What is found is told when it is another than before; how long it has lasted is no news. */
  #say(healing: Healing): void {
    const { cluster } = this.input;
    const now = JSON.stringify([healing.refused?.why, healing.verdicts.map(({ name, does }) => [name, does])]);
    if (now === this.#told) return;
    this.#tellAgainAt = 0;
    const isNews = this.#told !== '' || healing.verdicts.length > 0 || healing.refused !== undefined;
    this.#told = now;
    const refused = refusalOf(cluster, { healing });
    for (const verdict of healing.verdicts.filter(({ does }) => does !== 'refuse'))
      note(this.context, verdictLine(verdict));
    if (refused) note(this.context, [refused.message, ...refused.details, refused.hint].join(' '), 'warning');
    else if (healing.verdicts.length === 0 && isNews) note(this.context, `all machines of ${cluster} are well`);
  }

  /** Pods that no pool may grow for, once until others are. */
  #sayUnmet(unmet: readonly string[]): void {
    const now = unmet.map((text) => text.split(' ')[0]).join();
    if (now === this.#unmet || now === '') return;
    this.#unmet = now;
    for (const text of unmet) note(this.context, `${text}.`, 'warning');
  }

  /** Whoever the cluster notifies is told of what was judged; of what is to be healed, once that was done. */
  async #tell(healing: Healing, folder: ClusterFolder, record: ClusterRecord): Promise<void> {
    const { clock } = this.context;
    if (this.#tellAgainAt === undefined || clock.now() < this.#tellAgainAt || healing.verdicts.some(isHealed)) return;
    const { cluster } = this.input;
    const ills = healIlls({ cluster, healing, refused: refusalOf(cluster, { healing }), isDone: false });
    const isTold = await tell(this.context, folder, record, { ills, looked: ['heal'] });
    this.#tellAgainAt = isTold ? undefined : clock.now() + tellAgainMs;
  }
}
