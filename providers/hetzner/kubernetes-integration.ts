import type { Secret } from '../../src/domain/secret.js';
import type { KubernetesIntegration } from '../../src/provider/port.js';
import { names } from './names.js';

/** What Kubernetes must know of Hetzner. */
export function kubernetesIntegration(token: Secret | undefined): KubernetesIntegration {
  return {
    externalCloudProvider: true,
    serviceLoadBalancer: 'provider',
    storageClass: 'hcloud-volumes',
    required: ['hcloud-cloud-controller-manager'],
    baseline: ['hcloud-csi'],
    providerId: ({ id }) => `hcloud://${id}`,
    templateValues: (cluster, { locations }) => ({ network: names.network(cluster.name), location: locations[0] }),
    secret: (variable) => (variable === 'HCLOUD_TOKEN' ? token : undefined),
  };
}
