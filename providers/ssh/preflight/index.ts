import { messageOf, SlipwayError } from '../../../src/errors/index.js';
import { accessProblems } from '../../../src/provider/kit/access-problems.js';
import type { CallOptions, ClusterRequest, Problem } from '../../../src/provider/port.js';
import { assign } from '../assign.js';
import { hostId, privateAddressOf, titleOf } from '../hosts.js';
import type { Inventory, ObservedHost } from '../inventory.js';
import { isFree, usedBy } from '../machines.js';
import { inspectHost, parseReport } from './facts.js';
import { type Inspected, judgeHosts } from './judge.js';
import { judgeReach } from './reach.js';
import { missing, roomProblems } from './room.js';
import { portsOf } from './surroundings.js';

/** All that is wrong with the hosts of the file for what is asked, at once. Changes nothing. */
export async function preflight(
  inventory: Inventory,
  request: ClusterRequest,
  options: CallOptions,
): Promise<Problem[]> {
  const seen = await inventory.seen(request.cluster, options);
  const reach = judgeReach(request, seen);
  const looked = await inspect(inventory, request, seen, options);
  const hosts = judgeHosts(looked.inspected, request);
  for (const note of [...reach.notes, ...hosts.notes]) inventory.site.say(note);
  return [
    ...accessProblems(request),
    ...reach.problems,
    ...roomProblems(request, seen),
    ...addressProblems(request, seen),
    ...looked.problems,
    ...(await jumpProblems(inventory, looked.inspected, options)),
    ...hosts.problems,
  ];
}

/** Looks at all hosts at once, where one is about to be taken. */
async function inspect(
  inventory: Inventory,
  request: ClusterRequest,
  seen: readonly ObservedHost[],
  options: CallOptions,
): Promise<{ readonly inspected: readonly Inspected[]; readonly problems: readonly Problem[] }> {
  const desired = missing(request, seen);
  if (desired.length === 0) return { inspected: [], problems: [] };
  const { clock } = inventory.site;
  const free = seen.filter(isFree).map(({ host }) => host);
  const { hosts } = assign(desired, free, usedBy(seen, request.cluster));
  const roles = new Map(
    desired.flatMap(({ name, role }) => (hosts.has(name) ? [[hostId(hosts.get(name)!), role]] : [])),
  );
  const ours = seen.filter(
    ({ listed, claim, error }) => listed && error === undefined && (!claim || claim.cluster.id === request.cluster.id),
  );
  const problems: Problem[] = [];
  const looks = ours.map(async ({ host, claim }): Promise<Inspected[]> => {
    const role = claim?.role ?? roles.get(hostId(host));
    const task = inspectHost({
      ports: portsOf(role ?? 'control-plane', request.encryption),
      privateAddress: privateAddressOf(host),
      writeTest: !claim,
      wireguard: request.encryption === 'wireguard',
    });
    try {
      const session = await inventory.open(host, options);
      const before = clock.now();
      const report = parseReport(await session.run(task, options));
      return [{ host, role, free: !claim, report, asked: { before, after: clock.now() } }];
    } catch (error) {
      options.signal.throwIfAborted();
      problems.push({
        code: error instanceof SlipwayError ? error.code : 'INSPECT_FAILED',
        message: `${titleOf(host)} could not be looked at: ${messageOf(error)}`,
        hint: (error instanceof SlipwayError ? error.hint : undefined) ?? 'Run the same command again.',
        kind: 'refused',
        path: `provider.hosts[${host.name}]`,
      });
      return [];
    }
  });
  return { inspected: (await Promise.all(looks)).flat(), problems };
}

/** SSH passes through a jump host; the Kubernetes API, of which Slipway has need as well, does not. */
async function jumpProblems(
  { site }: Inventory,
  inspected: readonly Inspected[],
  options: CallOptions,
): Promise<Problem[]> {
  const servers = inspected.filter(({ host, role }) => host.jump && role === 'control-plane');
  const found = await Promise.all(
    servers.map(async ({ host }): Promise<Problem[]> => {
      if (await site.reaches(host.address, 6443, options)) return [];
      return [
        {
          code: 'API_BEHIND_JUMP',
          message: `${titleOf(host)} would be a server, and port 6443 of ${host.address} cannot be reached from here: SSH goes through ${host.jump!.address}, the Kubernetes API does not.`,
          hint: 'Run this where the servers can be reached directly (a VPN, or the jump host itself), or let 6443/tcp through.',
          kind: 'refused',
          path: `provider.hosts[${host.name}]`,
        },
      ];
    }),
  );
  return found.flat();
}

/** The API's address must be nobody's; the cluster's own machines are looked at by whoever plans for it. */
export function addressProblems(
  { apiAddress, cluster }: Pick<ClusterRequest, 'apiAddress' | 'cluster'>,
  seen: readonly Pick<ObservedHost, 'host' | 'listed' | 'claim'>[],
): Problem[] {
  return seen
    .filter(({ listed, claim }) => listed && claim?.cluster.id !== cluster.id)
    .filter(({ host }) => apiAddress !== undefined && [host.address, host.privateAddress].includes(apiAddress))
    .map(({ host }) => ({
      code: 'API_ADDRESS_TAKEN',
      message: `${apiAddress} is ${host.name}’s own address.`,
      hint: 'Reserve a free one for kubernetes.api.address.',
      kind: 'refused',
      path: 'kubernetes.api.address',
    }));
}
