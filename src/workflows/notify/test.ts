import { IncompleteError, messageOf, UsageError } from '../../errors/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { WorkflowContext } from '../context.js';

export interface NotifyTestResult {
  readonly cluster: string;
  /** Channels that took the message. */
  readonly told: readonly string[];
}

/**
 * Sends a message to try it to every channel of a cluster file, or to one.
 * @throws UsageError code UNKNOWN_CHANNEL; IncompleteError code NOTIFY_FAILED, with a line for each that did not take it
 */
export async function testNotify(
  context: WorkflowContext,
  spec: ClusterSpec,
  only: string | undefined,
): Promise<NotifyTestResult> {
  const all = spec.notify ?? [];
  const channels = only === undefined ? all : all.filter(({ name }) => name === only);
  if (channels.length === 0) {
    throw new UsageError(
      only === undefined
        ? `The file of ${spec.name} names nobody to notify.`
        : `${spec.name} notifies nobody called ${only}.`,
      {
        code: 'UNKNOWN_CHANNEL',
        hint:
          all.length > 0
            ? `Known are ${all.map(({ name }) => name).join(', ')}.`
            : 'Write it under notify: in the cluster file.',
      },
    );
  }
  const { send } = await import('../../notify/index.js');
  const told: string[] = [];
  const failed: string[] = [];
  for (const channel of channels) {
    try {
      const at = new Date(context.clock.now()).toISOString();
      const message = {
        cluster: spec.name,
        event: 'test',
        title: 'This is a test.',
        details: ['Slipway can tell you.'],
        at,
      };
      await send(channel, message, context.secretSources, context);
      told.push(channel.name);
    } catch (error) {
      failed.push(`${channel.name}: ${messageOf(error)}`);
    }
  }
  if (failed.length === 0) return { cluster: spec.name, told };
  throw new IncompleteError(`${failed.length} of ${channels.length} could not be told.`, {
    code: 'NOTIFY_FAILED',
    details: failed,
    hint: `Fix what is named, then try again: slipway cluster notify ${spec.name} --test`,
  });
}
