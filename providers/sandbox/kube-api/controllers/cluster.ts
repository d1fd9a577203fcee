import type { SandboxClock } from '../../types.js';
import type { Obj } from '../objects.js';
import type { Resource } from '../resources.js';
import type { ObjectStore } from '../store.js';
import { isOwnedBy } from './conditions.js';

export interface ControllerTimes {
  readonly podStartMs: number;
  readonly podStopMs: number;
  readonly nodeLostMs: number;
  /** Whether a node's kubelet runs and reaches the API: what is asked of a pod is done by nobody else. Without a word all do. */
  readonly kubeletLives?: ((node: string) => boolean) | undefined;
}

/** A storage driver whose volumes exist outside the cluster. It hears of the claims and pods by itself. */
export interface VolumeDriver {
  readonly provisioner: string;
  /** The volume of that name for a claim, used on that node; undefined: not there yet, it has the claim looked at again. */
  provision(claim: Obj, name: string, node: string | undefined): ProvisionedVolume | undefined;
}

export interface ProvisionedVolume {
  readonly handle: string;
  /** `10Gi` */
  readonly capacity: string;
}

/** What every controller works with. */
export class ClusterState {
  /** Drivers of classes whose volumes are not only made up. */
  readonly volumeDrivers: VolumeDriver[] = [];

  constructor(
    readonly store: ObjectStore,
    readonly clock: SandboxClock,
    readonly times: ControllerTimes,
    /** Has the workloads looked at soon. */
    readonly queue: () => void,
  ) {}

  kind(apiVersion: string, kind: string): Resource {
    return this.store.resource(apiVersion, kind);
  }

  get pods(): Resource {
    return this.kind('v1', 'Pod');
  }

  all(apiVersion: string, kind: string, namespace = ''): readonly Obj[] {
    return this.store.peek(this.kind(apiVersion, kind), namespace);
  }

  kubeletLives(node: string): boolean {
    return this.times.kubeletLives?.(node) ?? true;
  }

  podsOn(node: string): readonly Obj[] {
    return this.store.peek(this.pods).filter((pod) => pod.spec?.['nodeName'] === node);
  }

  owned(owner: Obj, apiVersion: string, kind: string): readonly Obj[] {
    return this.all(apiVersion, kind, owner.metadata.namespace).filter((one) => isOwnedBy(one, owner.metadata.uid));
  }

  change(object: Obj, change: (object: Obj) => void): Obj | undefined {
    const { apiVersion, kind, metadata } = object;
    return this.store.change(this.kind(apiVersion, kind), metadata.namespace ?? '', metadata.name, change);
  }

  /** The object as it is now, unless it is gone or another by the same name. */
  current(object: Obj): Obj | undefined {
    const { apiVersion, kind, metadata } = object;
    const found = this.store.look(this.kind(apiVersion, kind), metadata.namespace ?? '', metadata.name);
    return found?.metadata.uid === metadata.uid ? found : undefined;
  }

  /** Stores a status; nothing is stored when it is the same. */
  status(object: Obj, status: Record<string, unknown>): void {
    this.change(object, (current) => void (current.status = status));
  }

  removePod(pod: Obj): void {
    if (this.current(pod)) this.store.remove(this.pods, pod.metadata.namespace ?? '', pod.metadata.name);
  }

  /** Marks a pod as on its way out; its kubelet ends it. One that nobody runs goes at once. */
  terminate(pod: Obj): Obj | undefined {
    if (pod.metadata.deletionTimestamp) return pod;
    if (typeof pod.spec?.['nodeName'] !== 'string') {
      this.removePod(pod);
      return pod;
    }
    return this.change(pod, (object) => {
      object.metadata.deletionTimestamp = this.store.stamp();
      object.metadata.deletionGracePeriodSeconds = Number(object.spec?.['terminationGracePeriodSeconds'] ?? 30);
    });
  }
}
