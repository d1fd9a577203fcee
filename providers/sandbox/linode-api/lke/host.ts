import type { LkeTaint } from './state.js';

/** A node as the cloud hands it to the Kubernetes inside. */
export interface ManagedNode {
  /** `lke50000001-50000002-1a2b3c4d5e6f` */
  readonly name: string;
  readonly instance: number;
  readonly type: string;
  readonly region: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly diskGB: number;
  readonly publicAddress: string;
  readonly privateAddress: string;
  readonly pool: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly LkeTaint[];
  /** What its kubelet runs: `v1.36.5`. */
  readonly version: string;
}

/** What LKE asks of the Kubernetes that it runs. All return at once. */
export interface ManagedHost {
  create(id: number, version: string): void;
  /** The control plane runs another release. */
  upgrade(id: number, version: string): void;
  delete(id: number): void;
  /** Undefined while it is being made. */
  kubeconfig(id: number): { readonly text: string; readonly server: string } | undefined;
  /** Whoever has the kubeconfig of before is let in no more. */
  regenerate(id: number): void;
  /** The kubelet registers, or is back. */
  joined(id: number, node: ManagedNode): void;
  /** Its machine is gone: nothing is heard of it any more. */
  silent(id: number, node: string): void;
  /** The cloud's controller takes a node out whose machine is gone for good. */
  left(id: number, node: string): void;
  /** Labels and taints of the nodes of a pool, instead of those of before. */
  marked(id: number, pool: Pick<ManagedNode, 'pool' | 'labels' | 'taints'>, before: readonly string[]): void;
}
