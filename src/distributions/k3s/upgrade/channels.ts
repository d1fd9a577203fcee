import { z } from 'zod';

import { messageOf, UsageError } from '../../../errors/index.js';
import { ask } from '../../../http/ask.js';

/** Where k3s tells of its channels. */
const channelServer = 'https://update.k3s.io/v1-release/channels';
const bytesAtMost = 2 ** 20;
const waitMs = 20_000;

const answer = z.object({ data: z.array(z.object({ id: z.string(), latest: z.string().optional() })) });

/** The newest release of each channel of k3s. @throws UsageError code CHANNELS_UNREACHABLE */
export async function readChannels(
  address: string = channelServer,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  try {
    const { status, text } = await ask(address, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(waitMs)]),
      bytesAtMost,
      redirects: 3,
      headers: { accept: 'application/json' },
    });
    if (status !== 200) throw new Error(`it answered ${status}`);
    const { data } = answer.parse(JSON.parse(text));
    return new Map(data.flatMap(({ id, latest }) => (latest ? [[id, latest] as const] : [])));
  } catch (error) {
    signal.throwIfAborted();
    const why =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? 'its answer is not a list of channels'
        : messageOf(error);
    throw new UsageError(`${address}, which knows the releases of k3s, could not be asked: ${why}.`, {
      code: 'CHANNELS_UNREACHABLE',
      hint: 'Name an exact release instead, one minor at a time: --to v1.MINOR.PATCH+k3s1. A mirror is named with SLIPWAY_K3S_CHANNELS.',
      cause: error,
    });
  }
}
