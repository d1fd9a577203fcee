import { RefusedError } from '../../../errors/index.js';
import type { ClusterFolder } from '../../../workspace/types.js';

/** @returns whether a rotation of tokens was begun and is not through */
export const isTokenRotationBegun = async (folder: Pick<ClusterFolder, 'storedSecret'>): Promise<boolean> =>
  (await folder.storedSecret('next-server-token')) !== undefined;

export const tokenRemarks = async (folder: Pick<ClusterFolder, 'name' | 'storedSecret'>): Promise<readonly string[]> =>
  (await isTokenRotationBegun(folder))
    ? [`A rotation of its tokens was not finished. Go on with it: slipway cluster rotate-token ${folder.name}`]
    : [];

/**
 * While it is not finished, a server that has not been started anew hands out a token that etcd is no longer sealed with.
 * @throws RefusedError code TOKENS_UNFINISHED
 */
export async function refuseHalfRotated(folder: Pick<ClusterFolder, 'name' | 'storedSecret'>): Promise<void> {
  if (!(await isTokenRotationBegun(folder))) return;
  throw new RefusedError(`The tokens of ${folder.name} are being rotated, which was not finished.`, {
    code: 'TOKENS_UNFINISHED',
    hint: `Finish that first: slipway cluster rotate-token ${folder.name}`,
  });
}
