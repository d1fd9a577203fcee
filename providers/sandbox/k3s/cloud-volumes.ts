import type { ClusterState, ProvisionedVolume, VolumeDriver } from '../kube-api/controllers/cluster.js';
import { recordEvent } from '../kube-api/controllers/events.js';
import { isPodReady } from '../kube-api/eviction.js';
import type { Obj } from '../kube-api/objects.js';
import { amountOf } from '../kube-api/scheduling/quantity.js';
import type { Change } from '../kube-api/store.js';
import { contained } from '../report-fault.js';
import {
  answered,
  answeredOrNone,
  type CloudApi,
  type CloudCall,
  CloudError,
  type WireServer,
  type WireVolume,
} from './cloud-client.js';
import { VolumeDetacher } from './volume-detacher.js';
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
  readonly #detacher: VolumeDetacher;

  constructor(
    private readonly cluster: ClusterState,
    private readonly call: CloudCall,
  ) {
    this.#detacher = new VolumeDetacher(cluster, () => this.queue());
  }

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
      this.#detacher.converge(volume, new Set(users.map(nodeOf)));
      if (found) this.#attach(api, volume, found.volume, users);
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

  /** Attaches where pods need it, once it is free. @throws CloudError */
  #attach(api: CloudApi, volume: Obj, found: WireVolume, users: readonly Obj[]): void {
    const holders = this.#detacher.holders(volume);
    const servers = new Map(
      users.flatMap((pod) => {
        const server = named<WireServer>(api, 'servers', nodeOf(pod));
        return server ? [[server.id, nodeOf(pod)] as const] : [];
      }),
    );
    const place = found.server === null ? undefined : servers.get(found.server);
    if (place !== undefined) return this.#attached(volume, place);
    const [first] = servers;
    // Whoever had it may still write to it, as far as anybody knows.
    const other = holders.find((node) => node !== first?.[1]);
    if (other !== undefined) {
      for (const pod of users)
        if (nodeOf(pod) !== other)
          this.#tell(
            pod,
            'FailedAttachVolume',
            `Multi-Attach error for volume "${volume.metadata.name}" Volume is already exclusively attached to one node and can't be attached to another`,
            'attachdetach-controller',
          );
      return;
    }
    if (found.server !== null) api.call('POST', `/volumes/${found.id}/actions/detach`);
    else if (first) api.call('POST', `/volumes/${found.id}/actions/attach`, { server: first[0] });
    else return;
    this.#later();
  }

  #attached(volume: Obj, node: string): void {
    if (this.#detacher.holders(volume).includes(node)) return;
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

  #tell(object: Obj, reason: string, message: string, component = provisioner): void {
    recordEvent(this.cluster, object, { type: 'Warning', reason, message, component });
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

const nodeOf = (pod: Obj): string => pod.spec!['nodeName'] as string;

/** Another action is at work on the volume or its server, which passes. */
const isBusy = ({ message }: CloudError): boolean => /\((locked|conflict)\)$/.test(message);

/** @throws CloudError */
const named = <T>(api: CloudApi, kind: 'volumes' | 'servers', name: string): T | undefined =>
  api.call<Record<string, T[]>>('GET', `/${kind}?name=${encodeURIComponent(name)}`)[kind]?.[0];
