import type { Machine } from '../hosts/machine.js';
import { installedVersion } from '../hosts/tasks/common.js';
import type { UnitName } from '../hosts/units.js';
import type { ApiEndpoint } from './api-endpoint.js';
import type { Cluster } from './cluster.js';
import type { K3sConfig } from './config.js';

/** A k3s process on a machine. */
export interface Process {
  readonly machine: Machine;
  readonly unit: UnitName;
  readonly config: K3sConfig;
  /** The release that it was started from, whatever lies on the disk since. */
  readonly version: string;
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
  cluster: undefined,
  up: false,
  active: false,
  endpoint: undefined,
  cancels: [],
});

/** The first minor whose kubelet does not run on cgroup v1. */
const cgroupV2From = 35;

/** Why k3s does not start on such a host, in its own words; undefined: it does. */
export function refusal(machine: Machine, config: K3sConfig): string | undefined {
  const { traits } = machine;
  if (traits?.crashesWith !== undefined && traits.crashesWith === installedVersion(machine))
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
