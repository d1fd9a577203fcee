import type { Machine } from '../hosts/machine.js';
import { installedVersion, paths } from '../hosts/tasks/common.js';
import type { UnitName } from '../hosts/units.js';
import type { ApiEndpoint } from './api-endpoint.js';
import type { Cluster } from './cluster.js';
import { type K3sConfig, password, readConfig } from './config.js';

/** A k3s process on a machine. */
export interface Process {
  readonly machine: Machine;
  readonly unit: UnitName;
  readonly config: K3sConfig;
  /** The release that it was started from, whatever lies on the disk since. */
  readonly version: string;
  /** Passwords that it takes from those who join by way of it. */
  readonly tokens: { server: string; agent: string };
  cluster: Cluster | undefined;
  /** etcd runs; the API answers once there is quorum. */
  up: boolean;
  active: boolean;
  endpoint: ApiEndpoint | undefined;
  readonly cancels: (() => void)[];
}

export const newProcess = (machine: Machine, unit: UnitName, config: K3sConfig): Process => ({
  machine,
  unit,
  config,
  version: installedVersion(machine),
  tokens: { server: password(config.token), agent: password(config.agentToken ?? config.token) },
  cluster: undefined,
  up: false,
  active: false,
  endpoint: undefined,
  cancels: [],
});

/** A process that ran on while the sandbox itself was started again; undefined where its cluster is gone. */
export function resumedProcess(machine: Machine, unit: UnitName, clusters: readonly Cluster[]): Process | undefined {
  const { files, hostname } = machine;
  const config = readConfig(files.text(paths.config), unit === 'k3s' ? 'server' : 'agent', hostname);
  const cluster = clusters.find((one) => {
    const { store } = one.kubernetes;
    return config.agentless ? one.has(machine.id) : store.find(store.resource('v1', 'Node'), '', config.nodeName);
  });
  const fresh = newProcess(machine, unit, config);
  // A rotation may be newer than its configuration.
  const token = files.exists(`${paths.server}/token`) ? password(files.text(`${paths.server}/token`).trim()) : '';
  const tokens = { ...fresh.tokens, server: token || fresh.tokens.server };
  return cluster && { ...fresh, tokens, cluster, up: true, active: true };
}

/** The first minor whose kubelet does not run on cgroup v1. */
const cgroupV2From = 35;

/** Why k3s does not start on such a host, in its own words; undefined: it does. */
export function refusal(machine: Machine, config: K3sConfig): string | undefined {
  const { traits } = machine;
  const isWithout = traits?.crashesWithout !== undefined && config.disabled.includes(traits.crashesWithout);
  if (isWithout || (traits?.crashesWith !== undefined && traits.crashesWith === installedVersion(machine)))
    return 'panic: runtime error: invalid memory address or nil pointer dereference';
  if (config.role === 'server' && traits?.portsInUse.some((text) => text.split(' ')[0] === '6443'))
    return 'listen tcp :6443: bind: address already in use';
  const minor = Number(/^v1\.(\d+)/.exec(installedVersion(machine))?.[1] ?? 0);
  if (traits?.cgroup === 'v1' && minor >= cgroupV2From && !config.cgroupV1)
    return 'kubelet exited: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release';
  if (config.role === 'server' && config.server === undefined && !config.clusterInit)
    return 'this sandbox only knows servers with embedded etcd: set cluster-init or server';
  return undefined;
}

/** What the members of a cluster run, where all of them do. */
export function runningVersions(
  processes: ReadonlyMap<number, Process>,
  { members }: Pick<Cluster, 'members'>,
): readonly string[] | undefined {
  const versions = members.flatMap(({ machine }) => processes.get(machine)?.version ?? []);
  return versions.length === members.length ? versions : undefined;
}
