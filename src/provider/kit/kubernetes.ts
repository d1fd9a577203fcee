import type { KubernetesIntegration } from '../port.js';

/** Without a cloud controller kubelets know their own addresses, and Services get those of the nodes. */
export const nodesAlone: KubernetesIntegration = {
  externalCloudProvider: false,
  serviceLoadBalancer: 'nodes',
  storageClass: undefined,
  required: [],
  baseline: [],
  templateValues: () => ({}),
  secret: () => undefined,
  providerId: () => undefined,
};
