import { type KnownState, lowestVersion, type Machine, madeByKeys } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { disabledAt, disabledComponents, roleConfigHash, templateHash } from './host/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MadeBy } from '../../phases/context.js';
import { desiredLabels } from '../../phases/desired-marks.js';
import type { MachineProvider } from '../../provider/port.js';
import type { Distribution } from '../port.js';
import type { FoundHost } from './context.js';

type Nodes = ReadonlyMap<string, NodeFacts> | undefined;
type Integration = Pick<MachineProvider, 'kubernetesIntegration'>;
type Asked = Pick<ClusterSpec, 'kubernetes'>;

/** What the servers run, by their nodes; while no API answers, by the programs on hosts with the cluster's data. */
export function serverVersions(
  machines: readonly Machine[],
  nodes: Nodes,
  hosts: ReadonlyMap<string, FoundHost>,
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

/** The hashes of what a machine gets that is made or started now. */
export function madeByNow(
  provider: Pick<MachineProvider, 'kubernetesIntegration' | 'defaults'>,
  spec: Pick<ClusterSpec, 'network' | 'image'>,
  disable: readonly string[],
  userData: string,
): MadeBy {
  const settings = { ...provider.kubernetesIntegration, network: spec.network, disable };
  return {
    config: { 'control-plane': roleConfigHash('server', settings), worker: roleConfigHash('agent', settings) },
    template: templateHash(spec.image ?? provider.defaults.image, userData),
  };
}

/** What nodes tell of machines, and what the file says of that. */
export function knownStates(
  provider: Pick<MachineProvider, 'kubernetesIntegration' | 'defaults'>,
  spec: ClusterSpec,
  nodes: Nodes,
  userData: string,
): (machine: Machine) => KnownState {
  const disable = asked(provider, spec);
  const desired = madeByNow(provider, spec, disable, userData);
  return (machine) => {
    const node = nodes?.get(machine.name);
    const markOf = (key: string): string | undefined => node?.annotations[key] ?? machine.labels[key];
    const config = compared(machine, desired.config[machine.role], markOf(madeByKeys.config), {
      desired: configText(disable),
      observed: disabledAt(node?.annotations ?? {}),
    });
    return {
      desired: { config: config.desired, template: desired.template, labels: desiredLabels(spec, machine) },
      observed: {
        version: node?.version || undefined,
        config: config.observed,
        template: markOf(madeByKeys.template),
        labels: node?.labels,
      },
    };
  };
}

/** The configuration as people read it, where that differs; else by its hash, for the machines whose hash is known. */
function compared(
  { role }: Pick<Machine, 'role'>,
  desiredHash: string,
  observedHash: string | undefined,
  parts: { readonly desired: string; readonly observed: readonly string[] | undefined },
): { readonly desired: string; readonly observed: string | undefined } {
  const text = role === 'control-plane' && parts.observed ? configText(parts.observed) : undefined;
  if (text !== undefined && text !== parts.desired) return { desired: parts.desired, observed: text };
  return { desired: desiredHash, observed: observedHash };
}

/** `without metrics-server, traefik`: sorted, so that the same parts are the same text. */
export const configText = (disabled: readonly string[]): string =>
  disabled.length === 0 ? 'with all parts of k3s' : `without ${[...new Set(disabled)].sort().join(', ')}`;

/** Parts of k3s that the file has servers leave out. */
export const asked = ({ kubernetesIntegration }: Integration, { kubernetes }: Asked): readonly string[] =>
  disabledComponents({ ...kubernetesIntegration, disable: kubernetes.disable });

/** What servers' nodes tell: the lowest release where they differ, and the parts of k3s that a file may leave out. */
export const askedOf: Distribution['askedOf'] = (nodes) => {
  const servers = [...nodes].filter(({ controlPlane }) => controlPlane);
  const version = lowestVersion(servers.map((node) => node.version));
  if (version === undefined) return undefined;
  const disabled = new Set(servers.flatMap(({ annotations }) => disabledAt(annotations) ?? []));
  const disable = (['coredns', 'metrics-server'] as const).filter((part) => disabled.has(part));
  return { version, disable };
};
