import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';

/** What every namespace has from its beginning: an account to run as, and the cluster's root certificates. */
export function provisionNamespace(cluster: ClusterState, namespace: Obj): void {
  const { name, deletionTimestamp } = namespace.metadata;
  if (deletionTimestamp) return;
  const desired: readonly Obj[] = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'kube-root-ca.crt',
        namespace: name,
        annotations: {
          'kubernetes.io/description':
            'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
        },
      },
      data: { 'ca.crt': '-----BEGIN CERTIFICATE-----\nsandbox\n-----END CERTIFICATE-----\n' },
    },
  ];
  for (const object of desired) {
    const resource = cluster.kind(object.apiVersion, object.kind);
    if (!cluster.store.look(resource, name, object.metadata.name)) cluster.store.create(resource, object);
  }
}
