import type { ProviderFacts } from '../../components/types.js';
import { type ClusterRef, locationsOf } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { MachineProvider } from '../../provider/port.js';

/** What components are told of the provider. Nothing secret. */
export function providerFacts(
  { name, defaults, kubernetesIntegration }: Pick<MachineProvider, 'name' | 'defaults' | 'kubernetesIntegration'>,
  cluster: ClusterRef,
  spec: ClusterSpec,
): ProviderFacts {
  const { required, baseline, serviceLoadBalancer, storageClass } = kubernetesIntegration;
  return {
    name,
    required,
    baseline,
    serviceLoadBalancer,
    storageClass,
    values: kubernetesIntegration.templateValues(cluster, { locations: locationsOf(spec, defaults) }),
  };
}
