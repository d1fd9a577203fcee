import type { Tagged } from '../labelled.js';

export interface LkeTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** A place of a pool. Its instance is made, lost and made anew; recycled, the place itself is another. */
export interface LkeNodeRecord {
  /** `<pool>-<hash>`; the node is called `lke<cluster>-<pool>-<hash>` in Kubernetes. */
  readonly id: string;
  instance: number | null;
  /** Whether its instance has booted, which says nothing of its kubelet. */
  booted: boolean;
}

export interface LkePoolRecord {
  readonly id: number;
  readonly type: string;
  count: number;
  autoscaler: { enabled: boolean; min: number; max: number };
  labels: Readonly<Record<string, string>>;
  taints: readonly LkeTaint[];
  tags: readonly string[];
  label: string;
  nodes: LkeNodeRecord[];
  /** Ids of nodes that are to be recycled after the one that is being recycled now. */
  queue: string[];
}

export interface LkeAcl {
  enabled: boolean;
  ipv4: readonly string[];
  ipv6: readonly string[];
  revision: string;
}

export interface LkeClusterRecord extends Tagged {
  readonly region: string;
  /** `1.36` */
  version: string;
  /** What its control plane runs: `v1.36.5`. */
  patch: string;
  highAvailability: boolean;
  acl: LkeAcl | null;
  pools: LkePoolRecord[];
  /** Whether its kubeconfig and its endpoints are given out. */
  answers: boolean;
}
