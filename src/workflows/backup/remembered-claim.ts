import { createHash } from 'node:crypto';

import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

/** A claim of a volume, as much of it as is needed. */
export interface ClaimObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly uid?: string };
  readonly spec: { readonly volumeName?: string; readonly [field: string]: unknown };
}

const namespace = 'kube-system';
const label = 'slipway.dev/remembered-claim';

interface NoteObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const noteOf = (claim: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `slipway-claim-${createHash('sha256').update(claim).digest('hex').slice(0, 16)}`, namespace },
});

/**
 * Notes in the cluster what a claim is like that is to be made anew: whoever is stopped between the two would have no way back.
 * @param claim `shop/db`
 */
export async function rememberClaim(
  kube: Kube,
  claim: string,
  { apiVersion, kind, metadata, spec }: ClaimObject,
  options: KubeOptions,
): Promise<void> {
  const { name, namespace: own, labels, annotations } = metadata;
  const kept = { apiVersion, kind, metadata: { name, namespace: own, labels, annotations }, spec };
  const note = noteOf(claim);
  const labelled = { ...note.metadata, labels: { [label]: 'true', 'app.kubernetes.io/managed-by': 'slipway' } };
  await kube.apply({ ...note, metadata: labelled, data: { claim, object: JSON.stringify(kept) } }, options);
}

/** Claims that were noted and not made anew yet, by their name, `shop/db`. */
export async function rememberedClaims(
  kube: Pick<Kube, 'list'>,
  options: KubeOptions,
): Promise<ReadonlyMap<string, ClaimObject>> {
  const notes = (await kube.list(
    'v1',
    'ConfigMap',
    { namespace, labelSelector: label },
    options,
  )) as readonly NoteObject[];
  return new Map(
    notes.flatMap(({ data }) =>
      data?.['claim'] === undefined || data['object'] === undefined
        ? []
        : [[data['claim'], JSON.parse(data['object']) as ClaimObject] as const],
    ),
  );
}

export const forgetClaim = (kube: Kube, claim: string, options: KubeOptions): Promise<void> =>
  kube.delete(noteOf(claim), options);
