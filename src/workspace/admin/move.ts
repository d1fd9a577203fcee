import { plural } from '../../domain/index.js';
import { IncompleteError, RefusedError, UsageError } from '../../errors/index.js';
import type { BlobStore } from '../blob-store.js';
import type { Lock } from '../types.js';
import type { Place } from './place.js';

export interface MoveResult {
  readonly from: string;
  readonly to: string;
  readonly clusters: readonly string[];
  /** Files or objects. */
  readonly moved: number;
}

const isLock = (key: string): boolean => /^clusters\/[^/]+\/lock$/.test(key);
const clusterOf = (key: string): string => key.split('/')[1]!;

/** Who works on a workspace as a whole holds the lock of this name, which no cluster can have. */
export const wholeWorkspace = '0-workspace';

/** Clusters that keep anything at a place. */
export const clustersAt = async (texts: BlobStore): Promise<string[]> =>
  [...new Set((await texts.list('clusters/')).map(clusterOf))].filter((name) => name !== wholeWorkspace);

/**
 * Moves a workspace: the old place counts until all of it is at the new one and was read back from there. From then on the
 * old one says where to. Killed anywhere, the same call goes on.
 * @param lock holds a cluster of the old place
 * @throws UsageError code MOVE_NOWHERE; RefusedError codes BUCKET_UNFIT, OUTSIDE_RESIDENCY; IncompleteError code WORKSPACE_DIFFERS
 */
export async function moveWorkspace(
  from: Place,
  to: Place,
  lock: (cluster: string) => Promise<Lock>,
): Promise<MoveResult> {
  const there = await to.state();
  const here = await from.state();
  if (here.is === 'moved') {
    if (here.to !== to.where || there.is === 'empty')
      throw nowhere(`${from.where} has moved to ${here.to} before`, here.to);
    return finish(from, to, await clustersAt(await to.texts()), 0);
  }
  if (here.is === 'filling' || here.is === 'rotating') throw nowhere(`${from.where} is not whole itself`, undefined);
  if (there.is === 'ready' || there.is === 'rotating')
    throw nowhere(`${to.where} holds a workspace already`, undefined);
  const clusters = await clustersAt(await from.texts());
  await refuseResidency(await from.texts(), to, clusters);
  await to.begin(from.where);
  const locks: Lock[] = [];
  try {
    for (const cluster of clusters) locks.push(await lock(cluster));
    const moved = await copy(await from.texts(), await to.texts());
    await verify(await from.texts(), await to.texts(), to.where);
    await copyBackups(from, to);
    await from.close(to.where);
    return await finish(from, to, clusters, moved);
  } finally {
    for (const held of locks) await held.release();
  }
}

async function finish(from: Place, to: Place, clusters: readonly string[], moved: number): Promise<MoveResult> {
  if ((await to.state()).is !== 'ready') await to.open();
  await from.clear();
  return { from: from.where, to: to.where, clusters, moved };
}

async function copy(from: BlobStore, to: BlobStore): Promise<number> {
  const keys = (await from.list('clusters/')).filter((key) => !isLock(key));
  for (const key of keys) {
    const text = (await from.read(key))?.text;
    const before = await to.read(key);
    if (text === undefined || text === before?.text) continue;
    await (before ? to.replace(key, text, before.version) : to.create(key, text));
  }
  // What an earlier try brought there and is gone since.
  for (const key of await to.list('clusters/')) if (!keys.includes(key)) await to.remove(key);
  return keys.length;
}

/** Backups are sealed for their place, so that each part is opened and sealed anew. They never change, nor does one go. */
async function copyBackups(from: Place, to: Place): Promise<void> {
  const source = await from.backups('look');
  const keys = ((await source?.list('backups/')) ?? []).filter((key) => /^backups\/[^/]+\/[^/]+\//.test(key));
  if (!source || keys.length === 0) return;
  const target = (await to.backups('make'))!;
  // The manifest last: with it a backup counts.
  const manifestLast = [...keys].sort(
    (a, b) => Number(a.endsWith('manifest.json')) - Number(b.endsWith('manifest.json')),
  );
  for (const key of manifestLast) {
    const text = (await source.read(key))?.text;
    if (text !== undefined && (await target.read(key))?.text !== text) await target.create(key, text);
  }
  const again = (await to.backups('look'))!;
  const wrong: string[] = [];
  for (const key of keys) if ((await again.read(key))?.text !== (await source.read(key))?.text) wrong.push(key);
  if (wrong.length > 0) throw differs(to.where, wrong, keys.length);
}

/** Reads all of it back. */
async function verify(from: BlobStore, to: BlobStore, where: string): Promise<void> {
  const keys = (await from.list('clusters/')).filter((key) => !isLock(key));
  const wrong: string[] = [];
  for (const key of keys) if ((await to.read(key))?.text !== (await from.read(key))?.text) wrong.push(key);
  for (const key of await to.list('clusters/')) if (!keys.includes(key)) wrong.push(key);
  if (wrong.length > 0) throw differs(where, wrong, keys.length);
}

const differs = (where: string, wrong: readonly string[], of: number): IncompleteError =>
  new IncompleteError(`${where} does not have what was written to it: ${plural(wrong.length, 'object')} of ${of}.`, {
    code: 'WORKSPACE_DIFFERS',
    hint: 'Nothing was taken away where it came from. Run the same command again.',
    details: wrong.slice(0, 10),
  });

async function refuseResidency(texts: BlobStore, to: Place, clusters: readonly string[]): Promise<void> {
  for (const cluster of clusters) {
    const residency = residencyIn((await texts.read(`clusters/${cluster}/record.json`))?.text);
    const { country } = to;
    if (!residency || country === 'here' || (country !== undefined && residency.includes(country))) continue;
    throw new RefusedError(
      `${cluster} may only be kept in ${residency.join(', ')}, and ${to.where} is in ${country ?? 'an unknown country'}.`,
      {
        code: 'OUTSIDE_RESIDENCY',
        hint: country
          ? `Use a bucket in ${residency.join(' or ')}.`
          : `If you know that the bucket is there, say so: ${to.where}${to.where.includes('?') ? '&' : '?'}country=${residency[0]}`,
      },
    );
  }
}

/** Countries that a record allows; undefined where it does not say, or cannot be read. */
function residencyIn(record: string | undefined): readonly string[] | undefined {
  try {
    const { spec } = JSON.parse(record ?? '{}') as {
      readonly spec?: { readonly provider?: { readonly residency?: string[] } };
    };
    return spec?.provider?.residency?.map((country) => country.toUpperCase());
  } catch {
    return undefined;
  }
}

const nowhere = (why: string, other: string | undefined): UsageError =>
  new UsageError(`Nothing was moved: ${why}.`, {
    code: 'MOVE_NOWHERE',
    hint: other === undefined ? 'Name an empty place.' : `Use that one: --workspace '${other}'`,
  });
