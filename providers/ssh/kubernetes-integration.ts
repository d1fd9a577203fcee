import type { KubernetesIntegration } from '../../src/provider/port.js';

/** Hosts have no cloud controller: kubelets know their own addresses, and Services get those of the nodes. */
export const kubernetesIntegration: KubernetesIntegration = {
  externalCloudProvider: false,
  serviceLoadBalancer: 'nodes',
  storageClass: undefined,
  required: [],
  baseline: [],
  templateValues: () => ({}),
  secret: () => undefined,
  providerId: () => undefined,
};
