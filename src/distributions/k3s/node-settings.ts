import { desiredLabels } from '../../phases/desired-marks.js';
import type { K3sContext } from './context.js';
import type { PreparedHost } from './hosts.js';

/** What a server's and an agent's configuration have in common. */
export function nodeSettings({ spec, tools, cluster }: K3sContext, { machine, facts }: PreparedHost) {
  const integration = tools.provider.kubernetesIntegration;
  return {
    cluster: cluster.name,
    nodeName: machine.name,
    nodeAddress: machine.privateAddress ?? machine.publicAddress ?? '',
    privateInterface: facts.privateInterface,
    labels: desiredLabels(spec, machine),
    // cgroup v1 is refused by kubelets from 1.35 on, unless somebody said to go on with it.
    allowCgroupV1: facts.cgroup === 'v1' && spec.preflight.accept.includes('cgroup-v1'),
    externalCloudProvider: integration.externalCloudProvider,
    providerId: integration.providerId(machine),
  };
}
