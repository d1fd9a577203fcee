import type { ClaimVolume } from './coverage.js';

/** Claims as a cluster file names them. */
export interface ClaimSelector {
  readonly namespace: string;
  /** `*` stands for anything; undefined: every name. */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export function isChosenClaim({ claim, labels }: ClaimVolume, selectors: readonly ClaimSelector[]): boolean {
  const [namespace = '', name = ''] = claim.split('/');
  return selectors.some(
    (selector) =>
      selector.namespace === namespace &&
      new RegExp(`^${(selector.name ?? '*').replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name) &&
      Object.entries(selector.labels ?? {}).every(([key, value]) => labels[key] === value),
  );
}

/** A pod that uses claims, on the node where their volumes are mounted. */
export interface ClaimUser {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string | undefined;
  readonly running: boolean;
  readonly claims: readonly string[];
}

/** Where the kubelet has what it mounts. */
const kubeletFolder = '/var/lib/kubelet/pods';

/**
 * The node and the folder on it where the files of a claim can be read; else why they cannot, in words that go behind the
 * claim’s name.
 */
export function placeOfFiles(
  { claim, volume, kept, path, node, block }: ClaimVolume,
  pods: readonly ClaimUser[],
): { readonly node: string; readonly path: string } | { readonly why: string } {
  if (volume === undefined || kept === undefined) return { why: 'bound to no volume that is there' };
  if (block) return { why: 'a raw device, whose files cannot be copied' };
  const [namespace, name] = claim.split('/');
  const user = pods.find(
    (pod) => pod.running && pod.node !== undefined && pod.namespace === namespace && pod.claims.includes(name!),
  );
  if (kept === 'disk') {
    const on = node ?? user?.node;
    return path !== undefined && on !== undefined ? { node: on, path } : { why: 'on a disk of no known node' };
  }
  if (!kept.includes('.')) return { why: `in a volume of ${kept}, which is backed up where it is kept` };
  if (!user) return { why: 'mounted nowhere now: no pod that runs uses it' };
  return { node: user.node!, path: `${kubeletFolder}/${user.uid}/volumes/kubernetes.io~csi/${volume}/mount` };
}
