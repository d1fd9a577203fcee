import type { Machine, WantedMachine } from '../domain/index.js';
import type { ClusterFacts, PhaseContext } from './context.js';

/** Servers that could tell the join tokens now. */
export const tokenSources = ({ comparison, nodes }: Pick<ClusterFacts, 'comparison' | 'nodes'>): readonly Machine[] =>
  [...comparison.kept, ...comparison.surplus].filter(
    ({ name, role }) => role === 'control-plane' && nodes?.get(name)?.ready === true,
  );

/** The server that starts the cluster, or, where one runs already, a living one to read the tokens from. */
export function chooseSeed({ facts }: Pick<PhaseContext, 'facts'>, servers: readonly WantedMachine[]): WantedMachine {
  const host = (server: WantedMachine) => facts.hosts.get(server.name);
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
export const mayHoldData = (name: string, { comparison, hosts }: Pick<ClusterFacts, 'comparison' | 'hosts'>): boolean =>
  [...comparison.kept, ...comparison.surplus].some((machine) => machine.name === name) &&
  (hosts.get(name)?.etcdData ?? true);

/** Whether nothing but this server may have anything of the cluster: it never ran, and each other server has no data. */
export const mayBeginAnew = (
  name: string,
  facts: Pick<ClusterFacts, 'comparison' | 'hosts' | 'kubeconfig' | 'api'>,
): boolean =>
  facts.kubeconfig === undefined &&
  facts.api === undefined &&
  ![...facts.comparison.kept, ...facts.comparison.surplus].some(
    (machine) => machine.role === 'control-plane' && machine.name !== name && mayHoldData(machine.name, facts),
  );
