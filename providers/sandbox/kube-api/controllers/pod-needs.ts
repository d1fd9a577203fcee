import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { isUnattached } from './volumes.js';

interface Ref {
  readonly name?: string;
  readonly secretName?: string;
  readonly claimName?: string;
  readonly key?: string;
  readonly optional?: boolean;
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: Ref; readonly configMapKeyRef?: Ref } }[];
  readonly envFrom?: readonly { readonly secretRef?: Ref; readonly configMapRef?: Ref }[];
}

/** As much of a pod's spec as the sandbox looks at. */
export interface PodSpec {
  readonly restartPolicy?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly {
    readonly name?: string;
    readonly secret?: Ref;
    readonly configMap?: Ref;
    readonly persistentVolumeClaim?: Ref;
    readonly projected?: { readonly sources?: readonly { readonly secret?: Ref }[] };
  }[];
}

/** What a pod cannot start without and does not find, as its container's waiting state says it; undefined: nothing. */
export function missingOf(cluster: ClusterState, pod: Obj): { reason: string; message: string } | undefined {
  const spec = (pod.spec ?? {}) as PodSpec;
  const namespace = pod.metadata.namespace ?? '';
  const find = (kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim', name: string | undefined): Obj | undefined =>
    cluster.store.look(cluster.kind('v1', kind), namespace, name ?? '');
  for (const { name = '', secret, configMap, persistentVolumeClaim, projected } of spec.volumes ?? []) {
    const creating = (message: string) => ({
      reason: 'ContainerCreating',
      message: `MountVolume.SetUp failed for volume "${name}" : ${message}`,
    });
    if (secret && !secret.optional && !find('Secret', secret.secretName))
      return creating(`secret "${secret.secretName ?? ''}" not found`);
    if (configMap && !configMap.optional && !find('ConfigMap', configMap.name))
      return creating(`configmap "${configMap.name ?? ''}" not found`);
    const lost = projected?.sources?.find((source) => source.secret && !find('Secret', source.secret.name));
    if (lost) return creating(`secret "${lost.secret?.name ?? ''}" not found`);
    const claim = persistentVolumeClaim && find('PersistentVolumeClaim', persistentVolumeClaim.claimName);
    if (persistentVolumeClaim && claim?.status?.['phase'] !== 'Bound')
      return creating(`claim ${persistentVolumeClaim.claimName ?? ''} is not bound`);
    const node = pod.spec?.['nodeName'];
    if (claim && typeof node === 'string' && isUnattached(cluster, claim, node))
      return { reason: 'ContainerCreating', message: `AttachVolume.Attach failed for volume "${name}": not attached` };
  }
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const lacks = (message: string) => ({ reason: 'CreateContainerConfigError', message });
    for (const { valueFrom } of container.env ?? []) {
      for (const [kind, ref] of [
        ['Secret', valueFrom?.secretKeyRef],
        ['ConfigMap', valueFrom?.configMapKeyRef],
      ] as const) {
        if (!ref || ref.optional) continue;
        const found = find(kind, ref.name);
        if (!found) return lacks(`${kind.toLowerCase()} "${ref.name ?? ''}" not found`);
        if (!((found['data'] ?? {}) as Record<string, unknown>)[ref.key ?? ''])
          return lacks(`couldn't find key ${ref.key ?? ''} in ${kind} ${namespace}/${ref.name ?? ''}`);
      }
    }
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      if (secretRef && !secretRef.optional && !find('Secret', secretRef.name))
        return lacks(`secret "${secretRef.name ?? ''}" not found`);
      if (configMapRef && !configMapRef.optional && !find('ConfigMap', configMapRef.name))
        return lacks(`configmap "${configMapRef.name ?? ''}" not found`);
    }
  }
  return undefined;
}
