const outside = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'StorageClass',
  'IngressClass',
  'GatewayClass',
  'RuntimeClass',
  'PriorityClass',
  'VolumeSnapshotClass',
  'PersistentVolume',
  'APIService',
  'CSIDriver',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'MutatingWebhookConfiguration',
]);

/** Whether objects of a kind stand in no namespace, as far as the name tells. Clusters of Postgres stand in one. */
export const outsideNamespaces = (kind: string): boolean => outside.has(kind) || /^Cluster[A-Z]/.test(kind);

/** Namespaces that every cluster has. */
export const ownNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
