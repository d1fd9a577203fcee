import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { Obj } from '../kube-api/objects.js';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** A variable of a pod's first container, out of a Secret where it says so; empty: not set. */
export function podVariable(cluster: ClusterState, pod: Obj, name: string): string {
  const [container] = (pod.spec?.['containers'] ?? []) as { env?: readonly Variable[] }[];
  const variable = container?.env?.find((one) => one.name === name);
  const ref = variable?.valueFrom?.secretKeyRef;
  if (!ref) return variable?.value ?? '';
  const secret = cluster.store.look(cluster.kind('v1', 'Secret'), pod.metadata.namespace ?? '', ref.name);
  const data = (secret?.['data'] ?? {}) as Record<string, string>;
  return Buffer.from(data[ref.key] ?? '', 'base64').toString();
}
