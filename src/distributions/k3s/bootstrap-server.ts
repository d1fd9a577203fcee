import type { Machine, DesiredMachine } from '../../domain/index.js';
import type { K3sContext, K3sFacts } from './context.js';
import { isOut, isVoter } from './etcd.js';

/** Servers that could tell the join tokens now. */
export const tokenSources = ({ comparison, nodes }: Pick<K3sFacts, 'comparison' | 'nodes'>): readonly Machine[] =>
  [...comparison.current, ...comparison.excess].filter(
    ({ name, role }) => role === 'control-plane' && nodes?.get(name)?.ready === true,
  );

/**
 * The server that newcomers join by although it is to go: none that stays is Ready, as where the only server is replaced, and
 * the API answers by it. Undefined where a server that stays serves, or none does.
 */
export function leavingHost({
  comparison,
  nodes,
  api,
}: Pick<K3sFacts, 'comparison' | 'nodes' | 'api'>): Machine | undefined {
  const serves = ({ name, role }: Pick<Machine, 'name' | 'role'>): boolean => {
    const node = nodes?.get(name);
    return role === 'control-plane' && node?.ready === true && isVoter(node) === true && !isOut(node);
  };
  if (!api || comparison.current.some(serves)) return undefined;
  return comparison.excess.find(serves);
}

/** The server that starts the cluster, or, where one runs already, a living one to read the tokens from. */
export function chooseBootstrapServer(
  { facts, restore }: Pick<K3sContext, 'facts' | 'restore'>,
  servers: readonly DesiredMachine[],
): DesiredMachine {
  const host = (server: DesiredMachine) => facts.hosts.get(server.name);
  // Whatever data there is makes room for those of the backup; only a machine that is silent is not waited for.
  if (restore)
    return servers.find(host) ?? servers.find((server) => facts.comparison.missing.includes(server)) ?? servers[0]!;
  return (
    servers.find((server) => facts.nodes?.get(server.name)?.ready) ??
    servers.find((server) => host(server)?.unit === 'server' && host(server)!.active && host(server)!.etcdData) ??
    // Then one that holds the cluster's data, or may: a second cluster beside it would be the worst answer.
    servers.find((server) => host(server)?.etcdData) ??
    servers.find((server) => mayHoldData(server.name, facts)) ??
    servers[0]!
  );
}

/** Whether a server that exists has the cluster's data, or may: of one that is silent nobody knows. */
export const mayHoldData = (name: string, { comparison, hosts }: Pick<K3sFacts, 'comparison' | 'hosts'>): boolean =>
  [...comparison.current, ...comparison.excess].some((machine) => machine.name === name) &&
  (hosts.get(name)?.etcdData ?? true);

/** Whether no server can have been in the cluster: it has no kubeconfig, and no server may have data of it. */
export const neverRan = (facts: Pick<K3sFacts, 'machines' | 'comparison' | 'hosts' | 'kubeconfig'>): boolean =>
  facts.kubeconfig === undefined &&
  !facts.machines.some(({ role, name }) => role === 'control-plane' && mayHoldData(name, facts));

/** Whether nothing but this server may have anything of the cluster: it never ran, and each other server has no data. */
export const mayBeginAnew = (
  name: string,
  facts: Pick<K3sFacts, 'comparison' | 'hosts' | 'kubeconfig' | 'api'>,
): boolean =>
  facts.kubeconfig === undefined &&
  facts.api === undefined &&
  ![...facts.comparison.current, ...facts.comparison.excess].some(
    (machine) => machine.role === 'control-plane' && machine.name !== name && mayHoldData(machine.name, facts),
  );
