import { z } from 'zod';

import {
  isDeed,
  type Notice,
  type NoticeEvent,
  noticeEvents,
  stillTold,
  type Told,
  untold,
} from '../../domain/index.js';
import type { Channel } from '../../domain/spec/notify.js';
import { messageOf } from '../../errors/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { note, type WorkflowContext } from '../context.js';

const noteName = 'told';
const notice = z.object({
  event: z.enum(noticeEvents),
  key: z.string(),
  cluster: z.string(),
  title: z.string(),
  details: z.array(z.string()),
});
const stored = z.object({
  told: z.record(z.string(), z.record(z.string(), z.string())),
  /** Deeds that somebody could not be told of. */
  owed: z.array(z.object({ channel: z.string(), notice })),
});
type Stored = z.output<typeof stored>;

export interface Tidings {
  /** What is wrong, or was done. */
  readonly ills: readonly Notice[];
  /** Of which events `ills` is all there is now: what else was told of them is well again. */
  readonly looked: readonly NoticeEvent[];
}

/**
 * Tells the cluster's channels what they have not been told, each once. Whoever cannot be told is named in a warning and told in
 * the next round: nothing else ever fails for it.
 * @returns whether all were told
 */
export async function tell(
  context: WorkflowContext,
  folder: Pick<ClusterFolder, 'noted' | 'note'>,
  { spec }: Pick<ClusterRecord, 'spec'>,
  { ills, looked }: Tidings,
): Promise<boolean> {
  const channels = spec.notify ?? [];
  if (channels.length === 0) return true;
  try {
    const before: Stored = stored.safeParse(await folder.noted(noteName)).data ?? { told: {}, owed: [] };
    let told: Told = stillTold(before.told, channels, looked, ills);
    const owed = before.owed.flatMap(({ channel, notice: deed }) =>
      channels.filter(({ name }) => name === channel).map((listener) => ({ listener, notice: deed })),
    );
    const failed: { listener: Channel; notice: Notice }[] = [];
    for (const one of [...owed, ...untold(told, channels, ills)]) {
      const { listener, notice: news } = one;
      if (!(await toldOne(context, listener, news))) failed.push(one);
      // One that is well by now is not to be told of again by that.
      else if (ills.some(({ key }) => key === news.key)) told = remembered(told, listener, news, context.clock.now());
    }
    const after: Stored = {
      told: told,
      owed: failed
        .filter(({ notice: news }) => isDeed(news))
        .map(({ listener, notice: news }) => ({
          channel: listener.name,
          notice: { ...news, details: [...news.details] },
        })),
    };
    if (JSON.stringify(after) !== JSON.stringify(before)) await folder.note(noteName, after);
    return failed.length === 0;
  } catch (error) {
    note(context, `What happened could not be told to anybody: ${messageOf(error)}`, 'warning');
    return false;
  }
}

const remembered = (told: Told, { name }: Channel, { key }: Notice, now: number): Told => ({
  ...told,
  [name]: { ...told[name], [key]: new Date(now).toISOString() },
});

async function toldOne(context: WorkflowContext, channel: Channel, news: Notice): Promise<boolean> {
  const { event, cluster, title, details } = news;
  const at = new Date(context.clock.now()).toISOString();
  try {
    const { send } = await import('../../notify/index.js');
    // It has a limit of its own, and is to be told of where the run is interrupted, too.
    const signal = new AbortController().signal;
    await send(channel, { cluster, event, title, details, at }, context.secretSources, { signal });
    return true;
  } catch (error) {
    const why = messageOf(error);
    note(context, `${channel.name} could not be told "${title}", and will be in the next round: ${why}`, 'warning');
    return false;
  }
}
