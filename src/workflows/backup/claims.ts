import type { ClaimVolume } from '../../domain/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

interface ClaimObject extends KubeObject {
  readonly spec?: {
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly capacity?: { readonly storage?: string } };
}

interface VolumeObject extends KubeObject {
  readonly spec?: {
    readonly csi?: { readonly driver?: string };
    readonly local?: { readonly path?: string };
    readonly hostPath?: { readonly path?: string };
    readonly capacity?: { readonly storage?: string };
    readonly nodeAffinity?: { readonly required?: { readonly nodeSelectorTerms?: readonly NodeTerm[] } };
    readonly [source: string]: unknown;
  };
}

interface NodeTerm {
  readonly matchExpressions?: readonly NodeMatch[];
  readonly matchFields?: readonly NodeMatch[];
}

interface NodeMatch {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Every claim of a volume that the cluster has, sorted by name. */
export async function readClaims(kube: Pick<Kube, 'list'>, options: KubeOptions): Promise<readonly ClaimVolume[]> {
  const [claims, volumes] = await Promise.all([
    kube.list('v1', 'PersistentVolumeClaim', {}, options) as Promise<readonly ClaimObject[]>,
    kube.list('v1', 'PersistentVolume', {}, options) as Promise<readonly VolumeObject[]>,
  ]);
  const byName = new Map(volumes.map((volume) => [volume.metadata.name, volume]));
  return claims
    .map((claim) => claimVolume(claim, byName.get(claim.spec?.volumeName ?? '')))
    .sort((a, b) => (a.claim < b.claim ? -1 : 1));
}

const claimVolume = ({ metadata, spec, status }: ClaimObject, volume: VolumeObject | undefined): ClaimVolume => ({
  claim: `${metadata.namespace ?? ''}/${metadata.name}`,
  labels: metadata.labels ?? {},
  size: status?.capacity?.storage ?? volume?.spec?.capacity?.storage ?? spec?.resources?.requests?.storage,
  volume: spec?.volumeName,
  kept: volume && keptBy(volume),
  path: volume?.spec?.local?.path ?? volume?.spec?.hostPath?.path,
  node: volume && onlyNode(volume),
  block: spec?.volumeMode === 'Block',
});

function keptBy({ spec }: VolumeObject): string | undefined {
  if (spec?.local !== undefined || spec?.hostPath !== undefined) return 'disk';
  if (spec?.csi) return spec.csi.driver;
  return ['nfs', 'iscsi', 'fc', 'rbd', 'cephfs'].find((source) => spec?.[source] !== undefined);
}

/** The one node that it can be used on, by its name. */
function onlyNode({ spec }: VolumeObject): string | undefined {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const names = terms.flatMap(({ matchExpressions = [], matchFields = [] }) =>
    [...matchExpressions, ...matchFields]
      .filter(({ key, operator }) => (key === 'kubernetes.io/hostname' || key === 'metadata.name') && operator === 'In')
      .flatMap(({ values = [] }) => values),
  );
  return names.length === 1 ? names[0] : undefined;
}
