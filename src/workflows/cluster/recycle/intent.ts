import { z } from 'zod';

import { type RecycleIntent, scopeText } from '../../../domain/index.js';
import { SlipwayError } from '../../../errors/index.js';
import type { Kube, KubeOptions } from '../../../kube/types.js';
import type { ClusterApi } from '../../../phases/context.js';

const ref = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'slipway-recycle', namespace: 'kube-system' },
} as const;

const shape = z.looseObject({ data: z.object({ scope: z.string(), until: z.iso.datetime() }) });

/**
 * What an unfinished recycle was to replace; undefined where there is none. It is kept in the cluster, so that whoever goes
 * on needs no workspace, and as one object, so that it is there wholly or not at all.
 */
export async function readIntent(kube: Pick<Kube, 'get'>, options: KubeOptions): Promise<RecycleIntent | undefined> {
  return shape.safeParse(await kube.get(ref, options)).data?.data;
}

export async function keepIntent(
  kube: Pick<Kube, 'apply'>,
  { scope, until }: RecycleIntent,
  options: KubeOptions,
): Promise<void> {
  await kube.apply({ ...ref, data: { scope, until } }, { ...options, force: true });
}

export const dropIntent = (kube: Pick<Kube, 'delete'>, options: KubeOptions): Promise<void> =>
  kube.delete(ref, options);

/** The command that goes on with a recycle of that scope. */
export const recycleCommand = (cluster: string, scope: string): string =>
  `slipway cluster recycle ${cluster}${scope === scopeText({ kind: 'all' }) ? '' : ` ${scope}`}`;

/** What to say of a recycle that was stopped, to those who ask for something else; nothing where there is none. */
export async function unfinishedRecycle(
  cluster: string,
  api: ClusterApi | undefined,
  options: KubeOptions,
): Promise<readonly string[]> {
  try {
    const begun = api && (await readIntent(api.kube, options));
    if (!begun) return [];
    return [`Nodes were being replaced when the run was stopped. Go on: ${recycleCommand(cluster, begun.scope)}`];
  } catch (error) {
    // Who may not read it, or cannot now, is told of what is found else.
    if (error instanceof SlipwayError && !options.signal.aborted) return [];
    throw error;
  }
}
