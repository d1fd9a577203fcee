import { compareVersions, fitsServers, slotLabel, type UnfitMachine } from '../../domain/index.js';
import { isUp } from '../../phases/is-up.js';
import type { K3sFacts } from './context.js';
import { installedVersion } from './hosts.js';
import { k3sRules } from './rules.js';

/**
 * Machines that would be started at a release which the servers do not work with, by Kubernetes' skew policy. They are
 * left; the rest of the file is done.
 */
export function unfitMachines(facts: Omit<K3sFacts, 'unfit'>): readonly UnfitMachine[] {
  const servers = [...facts.serverVersions].sort(compareVersions);
  const [lowest] = servers;
  return facts.comparison.desired.flatMap((machine): UnfitMachine[] => {
    if (isUp(machine, facts, k3sRules)) return [];
    const version = installedVersion(machine.name, facts);
    const isServer = machine.role === 'control-plane';
    if (lowest === undefined || fitsServers(isServer ? 'server' : 'node', version, servers)) return [];
    const { name, pool, role } = machine;
    const slot = slotLabel(machine);
    return [
      {
        machine: name,
        slot,
        pool,
        role,
        because: `would run Kubernetes ${version}, which does not work with servers that run ${[...new Set(servers)].join(' and ')}`,
        hint: isServer
          ? `Servers may be one minor apart: bring those that run ${lowest} forward before others join.`
          : `No node may be newer than a server: bring the servers to ${version} first, or replace ${slot}, so that it comes back with ${lowest}.`,
      },
    ];
  });
}
