import { inRange } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { type ErrorCode, RefusedError } from '../../errors/index.js';
import type { ClusterFacts } from '../../phases/context.js';
import type { KubernetesIntegration, Problem } from '../../provider/port.js';

const path = 'kubernetes.api.address';

/**
 * An address that agents and servers were told to join by stays for the cluster's life; one may be added later.
 * @throws RefusedError code API_ADDRESS_FIXED
 */
export function refuseMovedAddress(
  recorded: ClusterSpec,
  spec: ClusterSpec,
  { nodes }: Pick<ClusterFacts, 'nodes'>,
): void {
  const before = recorded.kubernetes.api.address;
  const now = spec.kubernetes.api.address;
  if (before === undefined || before === now || !nodes || nodes.size === 0) return;
  throw new RefusedError(
    `The nodes of ${spec.name} find the Kubernetes API at ${before}; ${now === undefined ? 'without it' : `at ${now}`} they would lose it.`,
    {
      code: 'API_ADDRESS_FIXED',
      hint: `Leave ${path} at ${before}. Another address means another cluster.`,
    },
  );
}

/** What is wrong with the address that the file reserves for the API. Pure; empty where there is none. */
export function addressProblems(
  spec: ClusterSpec,
  facts: Pick<ClusterFacts, 'machines' | 'resources'>,
  provider: {
    readonly title: string;
    readonly kubernetesIntegration: Pick<KubernetesIntegration, 'serviceLoadBalancer'>;
  },
): Problem[] {
  const { address } = spec.kubernetes.api;
  if (address === undefined) return [];
  const problems: Problem[] = [];
  const say = (code: ErrorCode, message: string, hint: string): void =>
    void problems.push({ code, message, hint, kind: 'refused', path });

  const balancer = facts.resources.some(({ role }) => role?.kind === 'api-balancer');
  if (balancer || provider.kubernetesIntegration.serviceLoadBalancer === 'provider') {
    say(
      'API_ADDRESS_NOT_NEEDED',
      `${provider.title} has load balancers of its own, and its network does not let servers take over an address.`,
      `Leave out ${path}: with three control planes the API gets a balancer.`,
    );
  }
  for (const { name, publicAddress, privateAddress } of facts.machines) {
    if ([publicAddress, privateAddress].includes(address))
      say('API_ADDRESS_TAKEN', `${address} is ${name}’s own address.`, `Reserve a free one for ${path}.`);
  }
  for (const key of ['pods', 'services'] as const) {
    if (inRange(address, spec.network[key])) {
      say(
        'API_ADDRESS_INSIDE',
        `${address} lies in network.${key} (${spec.network[key]}), which exists only inside the cluster.`,
        'Reserve one of the network that the hosts’ own addresses are of.',
      );
    }
  }
  return problems;
}
