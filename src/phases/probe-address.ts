import { ask } from '../http/ask.js';

const bytesAtMost = 16 * 2 ** 20;

/** Whether users who ask this address within so many milliseconds are served. */
export async function answersWell(
  url: URL,
  patienceMs: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  return ask(url, { signal: limited, bytesAtMost, redirects: 3 }).then(
    ({ status }) => status < 400,
    () => false,
  );
}
