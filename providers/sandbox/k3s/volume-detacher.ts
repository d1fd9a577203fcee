import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { hasTaint, isNodeReady } from '../kube-api/controllers/conditions.js';
import { outOfService } from '../kube-api/controllers/pod-garbage.js';
import type { Obj } from '../kube-api/objects.js';

/** Kubernetes' own numbers, which nothing sets: how long an unmount is waited for, and how often what is attached is verified. */
const unmountMs = 360_000;
const verifyMs = 60_000;

/**
 * When a volume leaves a node, as the attach/detach controller decides it: a kubelet that lives says that it has unmounted it; of
 * one that is silent nobody knows, so it is waited for, unless the node is marked as out of service. The mark on a node
 * that is deleted is none.
 */
export class VolumeDetacher {
  /** What waits for an unmount, by the attachment's name. */
  readonly #unmounting = new Map<string, 'waits' | 'over'>();
  /** Nodes that had a volume by an attachment that somebody deleted, by volume: until that is noticed. */
  readonly #unverified = new Map<string, Set<string>>();
  readonly #known = new Map<string, { readonly name: string; readonly node: string }[]>();

  constructor(
    private readonly cluster: ClusterState,
    private readonly again: () => void,
  ) {}

  /** Nodes that have the volume, as far as Kubernetes knows. */
  holders(volume: Obj): readonly string[] {
    const there = this.#attachments(volume).map(({ spec }) => spec!['nodeName'] as string);
    return [...new Set([...there, ...(this.#unverified.get(volume.metadata.name) ?? [])])];
  }

  /** Takes the volume off nodes where no pod uses it any more. */
  converge(volume: Obj, nodes: ReadonlySet<string>): void {
    this.#notice(volume);
    for (const attachment of this.#attachments(volume)) {
      const { name } = attachment.metadata;
      const node = attachment.spec!['nodeName'] as string;
      if (nodes.has(node)) this.#unmounting.delete(name);
      else if (this.#mayGo(name, node)) this.#remove(volume, name);
    }
  }

  #mayGo(attachment: string, node: string): boolean {
    const object = this.cluster.store.look(this.cluster.kind('v1', 'Node'), '', node);
    if (object && isNodeReady(object) && this.cluster.kubeletLives(node)) return true;
    if (object && hasTaint(object, outOfService)) return true;
    const waiting = this.#unmounting.get(attachment);
    if (waiting === undefined) {
      this.#unmounting.set(attachment, 'waits');
      this.cluster.clock.after(unmountMs, () => {
        if (this.#unmounting.get(attachment) === 'waits') this.#unmounting.set(attachment, 'over');
        this.again();
      });
    }
    return waiting === 'over';
  }

  #remove(volume: Obj, attachment: string): void {
    const known = this.#known.get(volume.metadata.name) ?? [];
    this.#known.set(
      volume.metadata.name,
      known.filter(({ name }) => name !== attachment),
    );
    this.#unmounting.delete(attachment);
    this.cluster.store.remove(this.cluster.kind('storage.k8s.io/v1', 'VolumeAttachment'), '', attachment);
  }

  /** An attachment that went by another's hand is only noticed at the next verification. */
  #notice(volume: Obj): void {
    const { name: key } = volume.metadata;
    const now = this.#attachments(volume).map(({ metadata, spec }) => ({
      name: metadata.name,
      node: spec!['nodeName'] as string,
    }));
    const vanished = (this.#known.get(key) ?? []).filter(({ name }) => now.every((one) => one.name !== name));
    this.#known.set(key, now);
    for (const { name, node } of vanished) {
      this.#unmounting.delete(name);
      const nodes = this.#unverified.get(key) ?? new Set<string>();
      this.#unverified.set(key, nodes.add(node));
      this.cluster.clock.after(verifyMs, () => {
        nodes.delete(node);
        this.again();
      });
    }
  }

  #attachments(volume: Obj): readonly Obj[] {
    return this.cluster
      .all('storage.k8s.io/v1', 'VolumeAttachment')
      .filter(
        ({ spec }) =>
          (spec?.['source'] as { persistentVolumeName?: string } | undefined)?.persistentVolumeName ===
          volume.metadata.name,
      );
  }
}
