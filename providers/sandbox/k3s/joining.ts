import type { Machine } from '../hosts/machine.js';
import type { Cluster } from './cluster.js';
import { type K3sConfig, password, provenHash } from './config.js';
import { said } from './journal-lines.js';
import { checkNodePassword } from './nodes.js';
import type { Process } from './process.js';

/** What becomes of an attempt to join. `again`: k3s itself tries once more; `crash`: it exits, and systemd starts it. */
export type JoinVerdict =
  | { readonly outcome: 'again' | 'crash'; readonly line: string }
  | { readonly outcome: 'joins'; readonly cluster: Cluster };

/** How far two clocks may differ before certificates are not taken. */
const clockTolerance = 300;

/** @param server that answers at the address in the configuration; undefined: none does */
export function judgeJoin(
  machine: Machine,
  config: K3sConfig,
  server: Pick<Process, 'cluster' | 'tokens'> | undefined,
): JoinVerdict {
  const again = (line: string): JoinVerdict => ({ outcome: 'again', line });
  const crash = (line: string): JoinVerdict => ({ outcome: 'crash', line });
  if (config.server === undefined) return crash('--server is required');
  const { host } = new URL(config.server);
  const cluster = server?.cluster;
  if (!cluster)
    return again(
      `failed to get CA certs: Get "${config.server}/cacerts": dial tcp ${host}: connect: connection refused`,
    );
  if (Math.abs(machine.traits?.clockSkewSeconds ?? 0) > clockTolerance) {
    const now = new Date(machine.clock).toISOString();
    return again(
      `failed to get CA certs: Get "${config.server}/cacerts": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ${now}`,
    );
  }
  const hash = provenHash(config.token);
  if (hash !== undefined && hash !== cluster.hash)
    return crash(`token CA hash does not match the Cluster CA certificate hash: ${hash} != ${cluster.hash}`);
  const secret = password(config.token);
  const { tokens } = server;
  const fits = secret === tokens.server || (config.role === 'agent' && secret === tokens.agent);
  if (!fits || machine.traits?.wrongToken)
    return crash(`failed to validate token: ${config.server}/v1-k3s/config: 401 Unauthorized`);
  if (!checkNodePassword(cluster, machine, config.nodeName)) {
    return again(
      'Node password rejected, duplicate hostname or contents of /etc/rancher/node/password may not match server node-passwd entry',
    );
  }
  if (config.role === 'agent') return { outcome: 'joins', cluster };
  // Let in by a server that does not know of a rotation yet.
  if (secret !== cluster.serverToken) return crash(said.otherToken);
  if (config.critical !== cluster.critical) return crash('critical configuration value mismatch between servers');
  if (cluster.hasLearner()) return again('etcdserver: too many learner members in cluster');
  return { outcome: 'joins', cluster };
}
