import type { Machine, ServerConfig } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { disabledAt, disabledComponents } from './host/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { HostState } from '../../phases/context.js';
import type { MachineProvider } from '../../provider/port.js';

type Nodes = ReadonlyMap<string, NodeFacts> | undefined;
type Integration = Pick<MachineProvider, 'kubernetesIntegration'>;
type Asked = Pick<ClusterSpec, 'kubernetes'>;

/** What the servers run, by their nodes; while no API answers, by the programs on hosts with the cluster's data. */
export function serverVersions(
  machines: readonly Machine[],
  nodes: Nodes,
  hosts: ReadonlyMap<string, HostState>,
): readonly string[] {
  return machines
    .filter(({ role }) => role === 'control-plane')
    .flatMap(({ name }) => {
      const host = hosts.get(name);
      return (nodes?.get(name)?.version ?? (host?.etcdData ? host.k3sVersion : undefined)) || [];
    });
}

/**
 * Parts of k3s that a server leaves out which starts now. Servers must agree: one that deploys what another removes would
 * do so for ever, and of some parts k3s itself refuses it. So it does what the running ones do, and the file's waits.
 */
export function disabledParts(provider: Integration, spec: Asked, nodes: Nodes): readonly string[] {
  const running = [...(nodes?.values() ?? [])].filter(({ ready, controlPlane }) => ready && controlPlane);
  return running.map(({ annotations }) => disabledAt(annotations)).find((parts) => parts) ?? asked(provider, spec);
}

/** What servers leave out, as a setting that is compared. */
export const serverConfig = (provider: Integration, spec: Asked, nodes: Nodes): ServerConfig => ({
  desired: configText(asked(provider, spec)),
  of: (name) => {
    const parts = disabledAt(nodes?.get(name)?.annotations ?? {});
    return parts && configText(parts);
  },
});

/** `without metrics-server, traefik`: sorted, so that the same parts are the same text. */
export const configText = (disabled: readonly string[]): string =>
  disabled.length === 0 ? 'with all parts of k3s' : `without ${[...new Set(disabled)].sort().join(', ')}`;

const asked = ({ kubernetesIntegration }: Integration, { kubernetes }: Asked): readonly string[] =>
  disabledComponents({ ...kubernetesIntegration, disable: kubernetes.disable });
