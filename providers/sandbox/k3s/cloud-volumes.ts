import type { ClusterState, ProvisionedVolume, VolumeDriver } from '../kube-api/controllers/cluster.js';
import { recordEvent } from '../kube-api/controllers/events.js';
import { isPodReady } from '../kube-api/eviction.js';
import type { Obj } from '../kube-api/objects.js';
import { amountOf } from '../kube-api/scheduling/quantity.js';
import type { Change } from '../kube-api/store.js';
import { contained } from '../report-fault.js';
import {
  answered,
  type CloudApi,
  type CloudCall,
  CloudError,
  type WireServer,
  type WireVolume,
} from './cloud-client.js';
import { podVariable } from './pod-variable.js';

const provisioner = 'csi.hetzner.cloud';
const smallestGiB = 10;
/** When what is under way is looked at again, and what was refused. */
const againMs = 2_000;
const refusedMs = 30_000;
const labelLength = 63;

const watched = new Set(['pods', 'persistentvolumes', 'persistentvolumeclaims', 'nodes', 'volumeattachments']);

/**
 * Hetzner's volume driver: as long as a pod of its controller serves, claims of its class get a volume of the cloud,
 * attached to the server of the node whose pods use it, and deleted after the claim where the class says so.
 */
export class HcloudVolumes implements VolumeDriver {
  readonly provisioner = provisioner;
  #queued = false;
  readonly #waits = new Set<number>();

  constructor(
    private readonly cluster: ClusterState,
    private readonly call: CloudCall,
  ) {}

  provision(claim: Obj, name: string, node: string | undefined): ProvisionedVolume | undefined {
    const driver = this.#driver();
    if (!driver) return undefined;
    try {
      const volume = named<WireVolume>(driver.api, 'volumes', name) ?? this.#create(driver, claim, name, node);
      if (volume?.status === 'available') return { handle: String(volume.id), capacity: `${volume.size}Gi` };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      this.#later(refusedMs);
      this.#tell(
        claim,
        'ProvisioningFailed',
        `failed to provision volume with StorageClass "${(claim.spec?.['storageClassName'] as string | undefined) ?? ''}": rpc error: code = Internal desc = failed to create volume: ${error.message}`,
      );
      return undefined;
    }
    this.#later();
    return undefined;
  }

  seen({ resource }: Pick<Change, 'resource'>): void {
    if (watched.has(resource.plural)) this.queue();
  }

  queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      const driver = this.#driver();
      if (!driver) return;
      for (const volume of this.cluster.all('v1', 'PersistentVolume'))
        if ((volume.spec?.['csi'] as { driver?: string } | undefined)?.driver === provisioner)
          contained(`PersistentVolume ${volume.metadata.name}`, () => this.#converge(driver.api, volume));
    });
  }

  /** The serving controller and the cloud as it sees it. */
  #driver(): { readonly pod: Obj; readonly api: CloudApi } | undefined {
    const pod = this.cluster
      .all('v1', 'Pod')
      .find(
        (one) =>
          one.metadata.labels?.['app.kubernetes.io/name'] === 'hcloud-csi' &&
          one.metadata.labels['app.kubernetes.io/component'] === 'controller' &&
          isPodReady(one),
      );
    if (!pod) return undefined;
    const token = podVariable(this.cluster, pod, 'HCLOUD_TOKEN');
    return { pod, api: { call: (method, path, body) => answered(this.call(token, method, path, body)) } };
  }

  /** @throws CloudError */
  #create(
    { pod, api }: { readonly pod: Obj; readonly api: CloudApi },
    claim: Obj,
    name: string,
    node: string | undefined,
  ): WireVolume | undefined {
    // Without a pod that waits for it, a volume is made where the controller runs.
    const server = named<WireServer>(api, 'servers', node ?? (pod.spec?.['nodeName'] as string));
    if (!server) return undefined;
    const { resources } = (claim.spec ?? {}) as { resources?: { requests?: { storage?: string } } };
    const labels = {
      'managed-by': 'csi-driver',
      'pvc-name': claim.metadata.name,
      'pvc-namespace': claim.metadata.namespace ?? '',
      'pv-name': name,
    };
    return api.call<{ volume: WireVolume }>('POST', '/volumes', {
      name,
      size: Math.max(smallestGiB, Math.ceil(amountOf('storage', resources?.requests?.storage) / 2 ** 30)),
      location: server.location.name,
      labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, value.slice(-labelLength)])),
    }).volume;
  }

  #converge(api: CloudApi, volume: Obj): void {
    const { cluster } = this;
    const { volumeHandle } = volume.spec!['csi'] as { volumeHandle: string };
    const [found] = answeredOrNone<{ volume: WireVolume }>(api, `/volumes/${volumeHandle}`);
    const isReleased = volume.status?.['phase'] === 'Released' || volume.metadata.deletionTimestamp !== undefined;
    const users = isReleased ? [] : this.#users(volume);
    try {
      const attachment = found && this.#attach(api, volume, found.volume, users);
      for (const one of this.#attachments(volume)) {
        if (one.spec?.['nodeName'] === attachment) continue;
        cluster.store.remove(cluster.kind('storage.k8s.io/v1', 'VolumeAttachment'), '', one.metadata.name);
      }
      if (!isReleased || volume.spec?.['persistentVolumeReclaimPolicy'] !== 'Delete') return;
      if (found?.volume.server != null) return;
      if (found) api.call('DELETE', `/volumes/${volumeHandle}`);
      cluster.store.delete(cluster.kind('v1', 'PersistentVolume'), '', volume.metadata.name);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (isBusy(error)) return this.#later();
      this.#later(refusedMs);
      for (const pod of users)
        this.#tell(
          pod,
          'FailedAttachVolume',
          `AttachVolume.Attach failed for volume "${volume.metadata.name}" : rpc error: code = Internal desc = failed to publish volume: ${error.message}`,
        );
    }
  }

  /** Attaches where pods need it, once it is free. @returns the node that it is attached to. @throws CloudError */
  #attach(api: CloudApi, volume: Obj, found: WireVolume, users: readonly Obj[]): string | undefined {
    const servers = new Map(
      users.flatMap((pod) => {
        const node = pod.spec!['nodeName'] as string;
        const server = named<WireServer>(api, 'servers', node);
        return server ? [[server.id, node] as const] : [];
      }),
    );
    if (found.server !== null) {
      const node = servers.get(found.server);
      if (node !== undefined) {
        this.#attached(volume, node);
        return node;
      }
      api.call('POST', `/volumes/${found.id}/actions/detach`);
      this.#later();
      return undefined;
    }
    const [first] = servers.keys();
    if (first === undefined) return undefined;
    api.call('POST', `/volumes/${found.id}/actions/attach`, { server: first });
    this.#later();
    return undefined;
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

  #attached(volume: Obj, node: string): void {
    if (this.#attachments(volume).some(({ spec }) => spec?.['nodeName'] === node)) return;
    this.cluster.store.create(this.cluster.kind('storage.k8s.io/v1', 'VolumeAttachment'), {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: `csi-${volume.metadata.name}-${node}` },
      spec: { attacher: provisioner, nodeName: node, source: { persistentVolumeName: volume.metadata.name } },
      status: { attached: true },
    });
  }

  /** Pods on a node that have the volume, or wait for it; on their way out they still have it. */
  #users(volume: Obj): readonly Obj[] {
    const { name, namespace } = (volume.spec?.['claimRef'] ?? {}) as { name?: string; namespace?: string };
    return this.cluster.all('v1', 'Pod', namespace).filter(({ spec, status }) => {
      if (typeof spec?.['nodeName'] !== 'string') return false;
      if (['Succeeded', 'Failed'].includes(String(status?.['phase']))) return false;
      const volumes = (spec['volumes'] ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
      return volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name);
    });
  }

  #tell(object: Obj, reason: string, message: string): void {
    recordEvent(this.cluster, object, { type: 'Warning', reason, message, component: provisioner });
  }

  #later(ms = againMs): void {
    if (this.#waits.has(ms)) return;
    this.#waits.add(ms);
    this.cluster.clock.after(ms, () => {
      this.#waits.delete(ms);
      this.cluster.queue();
      this.queue();
    });
  }
}

/** Another action is at work on the volume or its server, which passes. */
const isBusy = ({ message }: CloudError): boolean => /\((locked|conflict)\)$/.test(message);

/** @throws CloudError */
const named = <T>(api: CloudApi, kind: 'volumes' | 'servers', name: string): T | undefined =>
  api.call<Record<string, T[]>>('GET', `/${kind}?name=${encodeURIComponent(name)}`)[kind]?.[0];

/** What is at a path of the cloud's API; nothing where it is not found. @throws CloudError */
function answeredOrNone<T>(api: CloudApi, path: string): readonly [T] | readonly [] {
  try {
    return [api.call<T>('GET', path)];
  } catch (error) {
    if (error instanceof CloudError && error.message.includes('(not_found)')) return [];
    throw error;
  }
}
