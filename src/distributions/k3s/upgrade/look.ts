import type { Machine } from '../../../domain/index.js';
import { messageOf } from '../../../errors/index.js';
import type { PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { lookInside } from '../../../phases/session.js';
import type { Problem } from '../../../provider/port.js';
import type { RunOptions } from '../../../remote/types.js';
import type { ServerReport } from '../../upgrades.js';
import { checkServer, parseServerCheck, type ServerCheck } from '../host/index.js';
import { etcdObstacle } from './etcd-versions.js';

type Context = Omit<PhaseContext, 'rules'>;

/** Asks every server about its API and its etcd. Changes nothing. */
export async function checkServers(
  { spec, tools }: Context,
  servers: readonly Machine[],
  options: RunOptions,
): Promise<{ readonly found: ReadonlyMap<string, ServerCheck>; readonly silent: ReadonlyMap<string, string> }> {
  const found = new Map<string, ServerCheck>();
  const silent = new Map<string, string>();
  await Promise.all(
    servers.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, options);
        const task = checkServer({ address: spec.kubernetes.api.address, deadlineMs: deadlines.hostTask });
        found.set(machine.name, parseServerCheck(await session.run(task, options)));
      } catch (error) {
        options.signal.throwIfAborted();
        silent.set(machine.name, messageOf(error));
      }
    }),
  );
  return { found, silent };
}

/** What of the servers stands in the way of going to the first of these releases. */
export async function lookAtServers(
  context: Context,
  servers: readonly Machine[],
  stops: readonly string[],
  options: RunOptions,
): Promise<ServerReport> {
  const { found, silent } = await checkServers(context, servers, options);
  const [first] = stops;
  const etcd = first === undefined ? undefined : etcdObstacle(found, first);
  const holder = servers.find(({ name }) => found.get(name)?.holdsAddress);
  return {
    addressHolder: holder?.name,
    problems: [...silentProblems(context.cluster.name, silent), ...(etcd === undefined ? [] : [etcdProblem(etcd)])],
  };
}

const silentProblems = (cluster: string, silent: ReadonlyMap<string, string>): readonly Problem[] =>
  silent.size === 0
    ? []
    : [
        {
          code: 'NODES_DOWN',
          kind: 'refused',
          message: `Not every server can be asked how it is: ${[...silent.keys()].join(', ')}.`,
          details: [...silent].map(([name, why]) => `${name}: ${why}`),
          hint: `Bring them back first: slipway cluster status ${cluster}`,
        },
      ];

const etcdProblem = (message: string): Problem => ({
  code: 'ETCD_VERSION',
  kind: 'refused',
  message,
  hint: 'Bring every server to the newest patch of the minor that runs, and wait until etcd has raised its version.',
});
