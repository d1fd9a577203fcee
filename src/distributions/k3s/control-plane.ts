import { slotLabel, type Machine, type DesiredMachine } from '../../domain/index.js';
import { from, known, type Later, needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { apiAddresses } from '../../workspace/own-kubeconfig.js';
import { parseServerInfo, type ServerInfo, serverInfo } from './host/index.js';
import { type AddressPlan, internalAddress } from './api-address.js';
import { kubeconfigOf } from './cluster-kubeconfig.js';
import type { ClusterApi } from '../../phases/context.js';
import type { K3sContext as PhaseContext } from './context.js';
import type { LostNodes } from '../../phases/lost-nodes.js';
import type { InfrastructurePlan } from '../../phases/infrastructure.js';
import type { HostPlan } from './hosts.js';
import type { MachinePlan } from '../../phases/machines.js';
import { chooseBootstrapServer, leavingHost, mayHoldData, tokenSources } from './bootstrap-server.js';
import { controlPlanePhase as phase, ServerStarts } from './server-start.js';
import { planClearing } from './restore-server.js';
import { openTokenSource } from './token-source.js';

export interface ControlPlanePlan {
  readonly steps: readonly Step[];
  /** Join tokens of a living server; undefined when nothing joins. */
  readonly tokens: Later<ServerInfo> | undefined;
  /** The cluster's API, for whoever waits for nodes. */
  readonly api: Later<ClusterApi>;
  /** Where agents and further servers find the API: the balancer, the address that servers hold, or the first server. */
  apiAddress(run: StepContext): string;
  /** Steps after which a desired server votes, and takes its turn at the API's address where there is one, by slot label. */
  readonly joined: ReadonlyMap<string, readonly Step[]>;
  /** Running servers one of which must let us in, as the join tokens are read from it. */
  readonly tokenSources: readonly Machine[];
}

/**
 * The first server starts the cluster, and the others join once its API answers. Which server was first no longer matters
 * once the cluster exists: any living one gives the tokens.
 */
export function planControlPlane(
  context: PhaseContext,
  infrastructure: InfrastructurePlan,
  machinePlan: MachinePlan,
  hosts: HostPlan,
  lostNodes: LostNodes,
  address: AddressPlan | undefined,
): ControlPlanePlan {
  const { facts } = context;
  const servers = facts.comparison.desired.filter((machine) => machine.role === 'control-plane');
  const bootstrap = chooseBootstrapServer(context, servers);
  const found = { infrastructure, machinePlan, address };
  const { leaving, own, way, addressBy, kubeconfigWith } = wayIn(context, found, servers, bootstrap);
  const starting = servers.filter((server) => hosts.prepared.has(slotLabel(server)));
  const joining = starting.filter((server) => leaving !== undefined || server !== bootstrap);
  const joinAtOnce = mayJoinAtOnce(context, joining, lostNodes, address);
  const clearing = planClearing(context, bootstrap.name);
  const starts = new ServerStarts({
    context,
    joinAtOnce,
    infrastructure,
    machinePlan,
    hosts,
    apiAddress: addressBy(way),
    needs: [...lostNodes.servers, ...clearing, ...needsOf(way, ...[infrastructure.balancer ?? []].flat())],
  });

  // A bootstrap that is not Ready gets the first server's configuration again: k3s ignores it where it has etcd data.
  const init = !leaving && starting.includes(bootstrap) ? starts.first(bootstrap) : undefined;
  // The address answers before anything joins by it.
  const bootstrapVip = init ? address?.hold(bootstrap, [init]) : address?.renewals.get(bootstrap.name);

  const addressesDiffer = apiAddresses(facts.kubeconfig).length !== servers.length + (address ? 1 : 0);
  const isTold = hosts.prepared.size > 0 || facts.api === undefined || addressesDiffer;
  const before = [init, bootstrapVip, ...(leaving ? needsOf(own) : [])] as const;
  const tokens = isTold ? tokensStep(context, bootstrap, way, before, kubeconfigWith(leaving)) : undefined;
  const api: Later<ClusterApi> = facts.api ? known(facts.api) : from(apiStep(context, tokens!));
  const ready = init && starts.ready(bootstrap, init, api);
  const joins = joinSteps(context, starts, joining, {
    tokens,
    api,
    needs: ready && !joinAtOnce ? [ready] : [],
    address,
  });
  const joined = new Map<string, readonly Step[]>([
    ...(ready ? [[slotLabel(bootstrap), [ready]] as const] : []),
    ...joins,
  ]);
  const arrivals = [...joined.values()].flat();
  const saved =
    (addressesDiffer || starting.length > 0) && tokens && (servers.length > 1 || leaving)
      ? kubeconfigStep(context, tokens, { [leaving ? 'needs' : 'after']: arrivals }, kubeconfigWith())
      : undefined;
  // By way of the old one nobody could be told any more that it has gone.
  const after = leaving && saved && from(apiStep(context, saved));
  const steps = [
    ...clearing,
    init,
    ...(address?.renewals.values() ?? []),
    init && bootstrapVip,
    tokens,
    'from' in api ? api.from : undefined,
    ...[...joins.values()].flat(),
    ready,
    saved,
    after && 'from' in after ? after.from : undefined,
  ].filter((step) => step !== undefined);
  return {
    steps,
    tokens: tokens && from(tokens),
    api: after ?? api,
    apiAddress: addressBy(own),
    joined,
    tokenSources: tokens && !init ? tokenSources(facts) : [],
  };
}

/** By what server newcomers join, and where the API is found. */
function wayIn(
  context: PhaseContext,
  by: {
    readonly infrastructure: InfrastructurePlan;
    readonly machinePlan: MachinePlan;
    readonly address: AddressPlan | undefined;
  },
  servers: readonly DesiredMachine[],
  bootstrap: DesiredMachine,
) {
  const own = by.machinePlan.machines.get(slotLabel(bootstrap))!;
  // Where nobody who stays serves yet, what comes joins by a server that is to go, and all else by what has come.
  const leaving = context.restore ? undefined : leavingHost(context.facts);
  const addressBy =
    (server: Later<Machine>) =>
    (run: StepContext): string =>
      (by.infrastructure.balancer && valueOf(by.infrastructure.balancer, run).address) ??
      by.address?.address ??
      internalAddress(valueOf(server, run));
  const kubeconfigWith = (former?: Machine): ReturnType<typeof kubeconfigOf> =>
    kubeconfigOf(context, by.machinePlan, servers, bootstrap, by.address?.address, former);
  return { leaving, own, way: leaving ? known(leaving) : own, addressBy, kubeconfigWith };
}

/** Whether this run takes no server out of etcd, and starts none anew that votes. */
const mayJoinAtOnce = (
  { facts }: PhaseContext,
  joining: readonly DesiredMachine[],
  lostNodes: LostNodes,
  address: AddressPlan | undefined,
): boolean =>
  lostNodes.servers.length === 0 &&
  !facts.comparison.excess.some(({ role }) => role === 'control-plane') &&
  (address?.renewals.size ?? 0) === 0 &&
  !joining.some(({ name }) => mayHoldData(name, facts));

/** Each join and, where servers hold the API's address, the turn at it that comes after. By slot label. */
function joinSteps(
  { facts }: PhaseContext,
  starts: ServerStarts,
  servers: readonly DesiredMachine[],
  by: {
    readonly tokens: Step<ServerInfo> | undefined;
    readonly api: Later<ClusterApi>;
    readonly needs: readonly Step[];
    readonly address: AddressPlan | undefined;
  },
): ReadonlyMap<string, readonly Step[]> {
  const settingsWait = facts.outdated.some(({ reasons }) => reasons.some(({ reason }) => reason === 'config'));
  const text = `join as a server${settingsWait ? ', with the settings that the servers run' : ''}`;
  return new Map(
    servers.map((server) => {
      const join = starts.joining(server, text, by.tokens!, by.api, by.needs);
      const turn = by.address?.hold(server, [join]);
      return [slotLabel(server), turn ? [join, turn] : [join]];
    }),
  );
}

function tokensStep(
  { facts, tools }: PhaseContext,
  bootstrap: DesiredMachine,
  bootstrapMachine: Later<Machine>,
  [init, ...more]: readonly [init: Step | undefined, ...more: readonly (Step | undefined)[]],
  kubeconfigOfAll: ReturnType<typeof kubeconfigOf>,
): Step<ServerInfo> {
  return {
    id: 'tokens',
    phase,
    target: slotLabel(bootstrap),
    text: 'read the join tokens and the kubeconfig',
    needs: [...needsOf(bootstrapMachine), ...[init, ...more].flatMap((step) => step ?? [])],
    apply: async (run) => {
      const first = valueOf(bootstrapMachine, run);
      const others = init ? [] : tokenSources(facts).filter(({ name }) => name !== first.name);
      const session = await openTokenSource(tools, [first, ...others], run);
      const info = parseServerInfo(await session.run(serverInfo(), run));
      await tools.folder.saveKubeconfig(await kubeconfigOfAll(info.kubeconfig, run));
      return info;
    },
  };
}

export const apiStep = ({ cluster, tools }: PhaseContext, source: Step<unknown>): Step<ClusterApi> => ({
  id: 'api',
  phase,
  target: cluster.name,
  text: 'reach the Kubernetes API from here',
  readOnly: true,
  needs: [source],
  apply: async (run) => tools.openApi((await tools.folder.kubeconfig())!, run.signal),
});

const kubeconfigStep = (
  { cluster, tools }: PhaseContext,
  source: Step<ServerInfo>,
  /** Where an old server is to go, all of them are needed: without them it stays the only way. */
  { after = [], needs = [] }: { readonly after?: readonly Step[]; readonly needs?: readonly Step[] },
  kubeconfigOfAll: ReturnType<typeof kubeconfigOf>,
): Step => ({
  id: 'kubeconfig',
  phase,
  target: cluster.name,
  text: 'save the kubeconfig with every server’s address',
  needs: [source, ...needs],
  after,
  apply: async (run) => {
    await tools.folder.saveKubeconfig(await kubeconfigOfAll(run.output(source).kubeconfig, run));
  },
});
