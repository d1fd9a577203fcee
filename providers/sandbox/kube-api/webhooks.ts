import { hasEndpoints } from './controllers/endpoints.js';
import type { ClusterState } from './controllers/cluster.js';
import type { Resource } from './resources.js';
import { StatusError } from './status.js';

interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
  readonly clientConfig?: {
    readonly service?: { readonly name: string; readonly namespace: string; readonly path?: string };
  };
  readonly rules?: readonly { readonly apiGroups: readonly string[]; readonly operations: readonly string[] }[];
}

const kinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

/**
 * Refuses what a webhook would have to judge while nobody answers for it. What webhooks say when they answer is not
 * simulated.
 * @throws StatusError 500
 */
export function refuseUnanswered(cluster: ClusterState, resource: Resource, operation: 'CREATE' | 'UPDATE'): void {
  for (const kind of kinds) {
    for (const configuration of cluster.all('admissionregistration.k8s.io/v1', kind)) {
      for (const webhook of (configuration['webhooks'] ?? []) as readonly Webhook[]) {
        const isAsked = webhook.rules?.some(
          ({ apiGroups, operations }) =>
            (apiGroups.includes(resource.group) || apiGroups.includes('*')) &&
            (operations.includes(operation) || operations.includes('*')),
        );
        const service = webhook.clientConfig?.service;
        if (!isAsked || !service || webhook.failurePolicy === 'Ignore') continue;
        if (hasEndpoints(cluster, service.namespace, service.name)) continue;
        const url = `https://${service.name}.${service.namespace}.svc:443${service.path ?? '/'}?timeout=10s`;
        throw new StatusError(
          500,
          'InternalError',
          `Internal error occurred: failed calling webhook "${webhook.name}": failed to call webhook: Post "${url}": no endpoints available for service "${service.name}"`,
          { causes: [{ message: `failed calling webhook "${webhook.name}"` }] },
        );
      }
    }
  }
}
