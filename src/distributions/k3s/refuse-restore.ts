import { type Machine, plural, quorum } from '../../domain/index.js';
import { RefusedError } from '../../errors/index.js';
import type { Tools } from '../../phases/context.js';
import { lookInside } from '../../phases/session.js';
import type { K3sFacts } from './context.js';
import { checkServer } from './host/index.js';
import { stopCommand } from './snapshot/commands.js';

/**
 * What is restored must be the only cluster of its kind: old servers that run, or come back as many as decide, would be a
 * second one, with the same certificates.
 * @throws RefusedError codes CLUSTER_ALIVE, SERVERS_SILENT
 */
export async function refuseRestore(
  tools: Tools,
  cluster: string,
  { comparison, hosts }: Pick<K3sFacts, 'comparison' | 'hosts'>,
  begun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const servers = [...comparison.current, ...comparison.excess].filter(({ role }) => role === 'control-plane');
  const started = servers.filter(({ name }) => hosts.get(name)?.unit === 'server' && hosts.get(name)!.active);
  // From here the API may be out of reach; k3s runs on for a while, too, when it has lost its quorum.
  const running = begun ? [] : await serving(tools, started, signal);
  if (running.length > 0) {
    throw new RefusedError(`${cluster} runs: k3s serves on ${running.map(({ name }) => name).join(', ')}.`, {
      code: 'CLUSTER_ALIVE',
      hint: `A restore takes it back to the time of the backup. If that is meant, stop k3s on each server first: slipway cluster ssh ${cluster} -- ${stopCommand}`,
    });
  }
  // Whoever takes a host out of the file says that it is gone.
  const silent = servers.filter(({ name, markedForRemoval }) => !hosts.has(name) && !markedForRemoval);
  if (silent.length === 0 || silent.length < quorum(servers.length)) return;
  throw new RefusedError(
    `${plural(silent.length, 'server')} of ${cluster} cannot be looked at: ${silent.map(({ name }) => name).join(', ')}. Come back later, they would go on as the old cluster.`,
    {
      code: 'SERVERS_SILENT',
      hint: 'Start them, or delete them at the provider (with hosts of your own: take them out of the file), so that others take their places.',
    },
  );
}

/** How long a server may take to say that its API is ready: `check-server` gives up some time before. */
const lookMs = 35_000;

/** Those of the servers whose own API is ready. */
async function serving(tools: Tools, servers: readonly Machine[], signal: AbortSignal): Promise<readonly Machine[]> {
  const answers = await Promise.all(
    servers.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, { signal });
        await session.run(checkServer({ deadlineMs: lookMs }), { signal });
        return [machine];
      } catch {
        signal.throwIfAborted();
        return [];
      }
    }),
  );
  return answers.flat();
}
