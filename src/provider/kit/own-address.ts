import ipaddr from 'ipaddr.js';

import { withBoundary } from '../../domain/boundary.js';
import { ask } from '../../http/ask.js';
import type { ProviderContext } from '../package.js';

/**
 * Answers with the asker's address as plain text, over IPv4 only: machines are reached by their IPv4 address, so that
 * is the address they see. SLIPWAY_ADDRESS_SERVICE names another one.
 */
export const defaultAddressService = 'https://api.ipify.org';

/** The address in an answer, as a CIDR of one host; undefined when it holds none. */
export function hostRange(text: string): string | undefined {
  const address = text.trim();
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return `${address}/32`;
  return ipaddr.IPv6.isValid(address) ? `${ipaddr.parse(address).toString()}/128` : undefined;
}

/** Asked only where a file says `self`. Undefined when the service does not answer whole within ten seconds. */
export async function askOwnAddress(
  context: Pick<ProviderContext, 'variable' | 'boundary'>,
  signal: AbortSignal,
  deadlineMs = 10_000,
): Promise<string | undefined> {
  const service = context.variable('SLIPWAY_ADDRESS_SERVICE') ?? defaultAddressService;
  try {
    return await withBoundary(context.boundary, 'provider', 'GET own address', async () => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
      const { status, text } = await ask(service, { signal: deadline, bytesAtMost: 1024, redirects: 5 });
      return status === 200 ? hostRange(text) : undefined;
    });
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
