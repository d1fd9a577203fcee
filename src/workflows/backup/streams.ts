import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { chooseStreams, type Uncovered } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { SlipwayError } from '../../errors/index.js';
import type { Kube } from '../../kube/types.js';
import type { Streams } from '../../nats/types.js';
import type { NewStream } from '../../workspace/backups/types.js';
import { withStreams } from './nats.js';

/** What became of a cluster’s streams. */
export interface CopiedStreams {
  readonly copies: readonly NewStream[];
  readonly uncovered: readonly Uncovered[];
  /** What the file asks for and could not be copied, each with its reason: the rest of the backup is kept all the same. */
  readonly failures: readonly string[];
}

export const noStreams: CopiedStreams = { copies: [], uncovered: [], failures: [] };

/**
 * Copies the streams that the file asks for to this computer, and finds out which are in no backup. That NATS does not
 * answer keeps no backup of the cluster from being made.
 * @param folder where on this computer
 * @param whyNot why the others are not copied, where that is not because the file does not name them
 */
export function copyStreamsStep(
  kube: Kube,
  { backup }: Pick<ClusterSpec, 'backup'>,
  folder: string,
  phase: string,
  whyNot?: string,
): Step<CopiedStreams> {
  const names = backup?.streams ?? [];
  return {
    id: 'streams',
    phase,
    target: 'nats',
    text: names.length === 0 ? 'see which streams there are' : `copy its streams ${names.join(', ')} here`,
    needs: [],
    readOnly: true,
    apply: async (run) => {
      const { signal } = run;
      const progress = (text: string): void => run.progress(text);
      try {
        return (
          (await withStreams(kube, { signal }, (streams) =>
            copied(streams, { names, whyNot }, folder, signal, progress),
          )) ?? noStreams
        );
      } catch (error) {
        if (!(error instanceof SlipwayError) || signal.aborted) throw error;
        const why = reasonOf(error);
        const uncovered: Uncovered = { kind: 'stream', name: '*', why: `could not be looked at: ${why}` };
        return { ...noStreams, uncovered: [uncovered], failures: names.length === 0 ? [] : [why] };
      }
    },
  };
}

async function copied(
  streams: Streams,
  { names, whyNot }: { readonly names: readonly string[]; readonly whyNot: string | undefined },
  folder: string,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<CopiedStreams> {
  const { chosen, uncovered } = chooseStreams(await streams.list({ signal }), names, whyNot);
  const copies: NewStream[] = [];
  const failed: { readonly name: string; readonly why: string }[] = [];
  for (const [index, { name, messages }] of chosen.entries()) {
    const file = join(folder, `stream-${index}`);
    const target = await open(file, 'wx', 0o600);
    try {
      const told = (bytes: number): void => progress(`${name}: ${Math.round(bytes / 1024)} KiB`);
      const head = await streams.snapshot(name, async (chunk) => void (await target.write(chunk)), {
        signal,
        progress: told,
      });
      const then = Number(head.state['messages'] ?? messages);
      copies.push({ name, messages: then, head, file });
    } catch (error) {
      if (!(error instanceof SlipwayError) || signal.aborted) throw error;
      failed.push({ name, why: reasonOf(error) });
    } finally {
      await target.close();
    }
  }
  return {
    copies,
    uncovered: [...uncovered, ...failed.map(({ name, why }): Uncovered => ({ kind: 'stream', name, why }))],
    failures: failed.map(({ name, why }) => `${name}: ${why}`),
  };
}

const reasonOf = ({ message, details }: SlipwayError): string => [message.replace(/\.$/, ''), ...details].join('; ');
