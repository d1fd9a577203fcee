import { type Machine, parseVersion } from '../../../domain/index.js';
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

/** Asks every server about its API and its etcd, and with `requests` what it was asked for. Changes nothing. */
export async function checkServers(
  { spec, tools }: Context,
  servers: readonly Machine[],
  options: RunOptions,
  { requests = false } = {},
): Promise<{ readonly found: ReadonlyMap<string, ServerCheck>; readonly silent: ReadonlyMap<string, string> }> {
  const found = new Map<string, ServerCheck>();
  const silent = new Map<string, string>();
  await Promise.all(
    servers.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, options);
        const task = checkServer({ address: spec.kubernetes.api.address, requests, deadlineMs: deadlines.hostTask });
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
  const { found, silent } = await checkServers(context, servers, options, { requests: true });
  const [first] = stops;
  const etcd = first === undefined ? undefined : etcdObstacle(found, first);
  const holder = servers.find(({ name }) => found.get(name)?.holdsAddress);
  return {
    addressHolder: holder?.name,
    removedApis: removedApis(found, stops),
    problems: [...silentProblems(context.cluster.name, silent), ...(etcd === undefined ? [] : [etcdProblem(etcd)])],
  };
}

/** What clients asked for that one of these releases does not serve any more. */
function removedApis(found: ReadonlyMap<string, ServerCheck>, stops: readonly string[]): ServerReport['removedApis'] {
  const last = parseVersion(stops.at(-1) ?? '');
  if (!last) return [];
  const removed = [...found].flatMap(([server, { requested }]) =>
    requested
      .filter(({ removedIn }) => {
        const [major = 0, minor = 0] = removedIn.split('.').map(Number);
        return major < last.major || (major === last.major && minor <= last.minor);
      })
      .map((one) => ({ ...one, server })),
  );
  return [...new Set(removed.map(({ api }) => api))].sort().map((api) => {
    const these = removed.filter((one) => one.api === api);
    return { api, removedIn: these[0]!.removedIn, servers: these.map(({ server }) => server) };
  });
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
