import { type KnownState, lowestVersion, type Machine, madeByKeys } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import {
  disabledAt,
  disabledComponents,
  fixedDifference,
  roleConfigHash,
  type RoleSettings,
  templateHash,
} from './host/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MadeBy } from '../../phases/context.js';
import { desiredLabels } from '../../phases/desired-marks.js';
import type { MachineProvider } from '../../provider/port.js';
import type { Distribution } from '../port.js';
import type { FoundHost } from './context.js';
import { optionalParts } from './file-fields.js';

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
 * Parts of k3s that a server leaves out which starts now. Servers must agree: each deploys, or takes away, a part when it
 * starts, and of some parts k3s itself refuses a newcomer that differs. So it does what the running ones do, until all
 * are brought to what the file asks for, one after the other.
 */
export function disabledParts(provider: Integration, spec: Asked, nodes: Nodes): readonly string[] {
  const running = [...(nodes?.values() ?? [])].filter(({ ready, controlPlane }) => ready && controlPlane);
  return running.map(({ annotations }) => disabledAt(annotations)).find((parts) => parts) ?? asked(provider, spec);
}

/** What all nodes of a role are configured by that are started now. */
const settingsOf = (
  { kubernetesIntegration }: Integration,
  { network }: Pick<ClusterSpec, 'network'>,
  disable: readonly string[],
): RoleSettings => ({ ...kubernetesIntegration, network, disable });

/** The hashes of how nodes are configured that are started now. */
export function configuredNow(
  provider: Integration,
  spec: Pick<ClusterSpec, 'network'>,
  disable: readonly string[],
): MadeBy['config'] {
  const settings = settingsOf(provider, spec, disable);
  return { 'control-plane': roleConfigHash('server', settings), worker: roleConfigHash('agent', settings) };
}

/** The hashes of what a machine gets that is made or started now. */
export const madeByNow = (
  provider: Pick<MachineProvider, 'kubernetesIntegration' | 'defaults'>,
  spec: Pick<ClusterSpec, 'network' | 'image'>,
  disable: readonly string[],
  userData: string,
): MadeBy => ({
  config: configuredNow(provider, spec, disable),
  template: templateHash(spec.image ?? provider.defaults.image, userData),
});

/** What nodes tell of machines, and what the file says of that. */
export function knownStates(
  provider: Pick<MachineProvider, 'kubernetesIntegration' | 'defaults'>,
  spec: ClusterSpec,
  nodes: Nodes,
  userData: string,
): (machine: Machine) => KnownState {
  const disable = asked(provider, spec);
  const desired = madeByNow(provider, spec, disable, userData);
  const settings = settingsOf(provider, spec, disable);
  return (machine) => {
    const node = nodes?.get(machine.name);
    const markOf = (key: string): string | undefined => node?.annotations[key] ?? machine.labels[key];
    const config = compared(machine, desired.config[machine.role], markOf(madeByKeys.config), {
      desired: configText(disable),
      observed: disabledAt(node?.annotations ?? {}),
    });
    const fixed = fixedDifference(node?.annotations ?? {}, settings);
    return {
      desired: {
        config: config.desired,
        fixed: fixed?.desired,
        template: desired.template,
        labels: desiredLabels(spec, machine),
      },
      observed: {
        version: node?.version || undefined,
        config: config.observed,
        fixed: fixed?.observed,
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
  const disable = optionalParts.filter((part) => disabled.has(part));
  return { version, disable };
};
