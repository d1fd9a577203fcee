import { allPages, type Page } from '../http/pages.js';
import type { KubeClient } from './client.js';
import { ApiError } from './failures.js';
import type { WireList } from './wire.js';

const pageSize = 500;

/** All objects of a collection, page by page. A list that changed too much meanwhile is begun again, once. */
export async function listAll<T>(
  client: KubeClient,
  path: string,
  signal: AbortSignal,
  query: Readonly<Record<string, string>> = {},
): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }> {
  try {
    return await pages<T>(client, path, signal, query);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 410)) throw error;
    return pages<T>(client, path, signal, query);
  }
}

async function pages<T>(
  client: KubeClient,
  path: string,
  signal: AbortSignal,
  query: Readonly<Record<string, string>>,
): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }> {
  let resourceVersion = '';
  const read = async (from: string): Promise<Page<T, string>> => {
    const parameters = new URLSearchParams({ ...query, limit: String(pageSize), ...(from ? { continue: from } : {}) });
    const { value, size } = await client.getSized(`${path}?${parameters.toString()}`, signal);
    const page = value as WireList<T>;
    resourceVersion = page.metadata?.resourceVersion ?? '';
    return { items: page.items ?? [], size, next: page.metadata?.continue || undefined };
  };
  const items = await allPages<T, string>('', read, { size: client.listAtMost });
  return { items, resourceVersion };
}
