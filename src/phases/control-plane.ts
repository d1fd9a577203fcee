import { slotLabel, type Machine, type Secret, type WantedMachine } from '../domain/index.js';
import {
  from,
  known,
  type Later,
  needsOf,
  type Step,
  type StepContext,
  valueIfKnown,
  valueOf,
} from '../engine/index.js';
import { IncompleteError, messageOf } from '../errors/index.js';
import { canForward } from '../provider/port.js';
import {
  apiAddresses,
  beginAnew,
  forgetEtcd,
  kubeconfigFor,
  parseServerInfo,
  type ServerInfo,
  serverInfo,
} from '../k3s/index.js';
import { type AddressPlan, inside } from './api-address.js';
import { TaskFailedError } from '../remote/index.js';
import type { HostTask, Session } from '../remote/types.js';
import type { ClusterApi, ClusterFacts, PhaseContext } from './context.js';
import { deadlines } from './deadlines.js';
import type { Departures } from './departures.js';
import type { FoundationPlan } from './foundation.js';
import type { HostPlan, PreparedHost } from './hosts.js';
import type { MachinePlan } from './machines.js';
import { serverNames, serverTask } from './server-task.js';
import { lookInside, openSession } from './session.js';

const phase = 'Start the control plane';

export interface ControlPlanePlan {
  readonly steps: readonly Step[];
  /** Join tokens of a living server; undefined when nothing joins. */
  readonly tokens: Later<ServerInfo> | undefined;
  /** The cluster's API, for whoever waits for nodes. */
  readonly api: Later<ClusterApi>;
  /** Where agents and further servers find the API: the balancer, the address that servers hold, or the first server. */
  apiAddress(run: StepContext): string;
  /** Steps after which every wanted server votes, and takes its turn at the API's address where there is one. */
  readonly joined: readonly string[];
}

/**
 * The first server starts the cluster, the others join one at a time (etcd takes one learner at once). Which server
 * was first no longer matters once the cluster exists: any living one gives the tokens.
 */
export function planControlPlane(
  context: PhaseContext,
  foundation: FoundationPlan,
  machinePlan: MachinePlan,
  hosts: HostPlan,
  departures: Departures,
  address: AddressPlan | undefined,
): ControlPlanePlan {
  const { facts, tools } = context;
  const { machines } = machinePlan;
  const servers = facts.comparison.wanted.filter((machine) => machine.role === 'control-plane');
  const seed = chooseSeed(context, servers);
  const seedMachine = machines.get(slotLabel(seed))!;
  const steps: Step[] = [];

  const apiAddress = (run: StepContext): string =>
    (foundation.balancer && valueOf(foundation.balancer, run).address) ??
    address?.address ??
    inside(valueOf(seedMachine, run));

  const starting = servers.filter((server) => hosts.prepared.has(slotLabel(server)));
  const settingsWait = facts.outdated.some(({ reasons }) => reasons.some(({ reason }) => reason === 'config'));
  const joinText = `join as a server${settingsWait ? ', with the settings that the servers run' : ''}`;
  // A seed that is not Ready gets the first server's configuration again: k3s ignores it where it has etcd data.
  const init = starting.find((server) => server === seed);
  const initStep = init && startStep(init, 'start the cluster as its first server', []);
  if (initStep) steps.push(initStep);
  // The address answers before anything joins by it.
  const seedTurn = initStep ? address?.turn(seed, [initStep.id]) : address?.renewals.get(seed.name);
  steps.push(...(address?.renewals.values() ?? []));
  if (initStep && seedTurn) steps.push(seedTurn);

  const anyJoins = hosts.prepared.size > 0;
  const addressesDiffer = apiAddresses(facts.kubeconfig).length !== servers.length + (address ? 1 : 0);
  const kubeconfigStale = addressesDiffer || starting.length > 0;
  let tokens: Step<ServerInfo> | undefined;
  if (anyJoins || facts.api === undefined || addressesDiffer) {
    tokens = {
      id: 'tokens',
      phase,
      target: slotLabel(seed),
      text: 'read the join tokens and the kubeconfig',
      needs: [...needsOf(seedMachine), ...(initStep ? [initStep.id] : []), ...(seedTurn ? [seedTurn.id] : [])],
      apply: async (run) => {
        const session = await openTokenSource(valueOf(seedMachine, run), run);
        const info = parseServerInfo(await session.run(serverInfo(), run));
        await tools.folder.saveKubeconfig(await clusterKubeconfig(info.kubeconfig, run));
        return info;
      },
    };
    steps.push(tokens);
  }

  // Set while the run goes on: etcd takes one learner at a time, and one that is stuck keeps the place.
  let stuck: string | undefined;

  const api: Later<ClusterApi> = facts.api ? known(facts.api) : from(apiStep(tokens!));
  if ('from' in api) steps.push(api.from);

  // The first server is through once it votes; the others follow, each a step that takes the only place for joins.
  const turns: string[] = [];
  const readySteps = starting.map((server) => {
    if (server === init) return readyStep(server, initStep!);
    const join = startStep(server, joinText, [tokens!.id, ...(initStep ? [`ready:${slotLabel(init)}`] : [])]);
    steps.push(join);
    const turn = address?.turn(server, [join.id]);
    if (turn) {
      steps.push(turn);
      turns.push(turn.id);
    }
    return undefined;
  });
  const seedReady = readySteps.find((step) => step !== undefined);
  if (seedReady) steps.push(seedReady);
  const joined = [
    ...starting.map((server) => (server === init ? seedReady!.id : `join:${slotLabel(server)}`)),
    ...turns,
  ];

  if (kubeconfigStale && tokens && servers.length > 1) {
    const source = tokens;
    steps.push({
      id: 'kubeconfig',
      phase,
      target: context.cluster.name,
      text: 'save the kubeconfig with every server’s address',
      needs: [tokens.id],
      after: joined,
      apply: async (run) => {
        await tools.folder.saveKubeconfig(await clusterKubeconfig(run.output(source).kubeconfig, run));
      },
    });
  }
  return { steps, tokens: tokens && from(tokens), api, apiAddress, joined };

  /** Any server that is Ready has the tokens: one that shows another key, or none, is no reason to stop. */
  async function openTokenSource(first: Machine, run: StepContext): Promise<Session> {
    const others = initStep ? [] : tokenSources(facts).filter(({ name }) => name !== first.name);
    const [last] = others.slice(-1);
    let firstError: unknown;
    for (const machine of [first, ...others]) {
      try {
        const patient = machine === (last ?? first);
        return patient ? await openSession(tools, machine, deadlines.ssh, run) : await lookInside(tools, machine, run);
      } catch (error) {
        run.signal.throwIfAborted();
        firstError ??= error;
        run.progress(`${machine.name} lets nobody in (${messageOf(error)}); asking another server`);
      }
    }
    throw firstError;
  }

  /** Writes the configuration, starts k3s and, for a join, waits until the node is Ready and votes. */
  function startStep(server: WantedMachine, text: string, needs: readonly string[]): Step {
    const label = slotLabel(server);
    const prepared = hosts.prepared.get(label)!;
    const isInit = server === seed;
    return {
      id: isInit ? `init:${label}` : `join:${label}`,
      phase,
      target: label,
      text,
      needs: [
        prepared.id,
        ...needs,
        ...departures.servers,
        ...needsOf(seedMachine, ...(foundation.balancer ? [foundation.balancer] : []), ...(isInit ? [] : [api])),
      ],
      limits: ['join'],
      apply: async (run) => {
        const host = run.output(prepared);
        if (!isInit && stuck !== undefined) throw placeTaken(host.machine.name, stuck);
        const session = await openSession(tools, host.machine, deadlines.ssh, run);
        const task = serverTask(context, host, server, {
          tlsSans: serverNames(context, machinePlan, foundation, run),
          joinAddress: isInit ? undefined : apiAddress(run),
          tokens: isInit ? await ownTokens() : passwordsOf(run.output(tokens!)),
        });
        try {
          await startOrStartAnew(session, task, run, isInit ? server.name : undefined);
          if (!isInit) await votes(host, valueOf(api, run), run);
        } catch (error) {
          if (!isInit && mayHoldPlace(error)) stuck = host.machine.name;
          throw error;
        }
      },
    };
  }

  /**
   * A server that was gone for long may have been taken out of etcd meanwhile; the others have all it had. A first one
   * that was stopped while it made etcd has files that nothing can be started from.
   * @param first name of the server that starts the cluster; undefined for one that joins
   */
  async function startOrStartAnew(
    session: Session,
    task: HostTask,
    run: StepContext,
    first: string | undefined,
  ): Promise<void> {
    try {
      await session.run(task, run);
    } catch (error) {
      const code = error instanceof TaskFailedError ? error.taskCode : undefined;
      const options = { deadlineMs: deadlines.hostTask };
      if (first === undefined && code === 'NOT_A_MEMBER') {
        run.progress('etcd took this server out while it was gone: putting its old data aside, and joining anew');
        await session.run(forgetEtcd(options), run);
      } else if (first !== undefined && code === 'NO_BOOTSTRAP_DATA' && mayBeginAnew(first, facts)) {
        run.progress('it was stopped while it made etcd, which holds nothing yet: beginning anew');
        await session.run(beginAnew(options), run);
      } else {
        throw error;
      }
      await session.run(task, run);
    }
  }

  function readyStep(server: WantedMachine, started: Step): Step {
    const label = slotLabel(server);
    const prepared = hosts.prepared.get(label)!;
    return {
      id: `ready:${label}`,
      phase,
      target: label,
      text: 'wait until it is Ready and votes',
      needs: [started.id, prepared.id, ...needsOf(api)],
      apply: (run) => votes(run.output(prepared), valueOf(api, run), run),
    };
  }

  function apiStep(source: Step<ServerInfo>): Step<ClusterApi> {
    return {
      id: 'api',
      phase,
      target: context.cluster.name,
      text: 'reach the Kubernetes API from here',
      readOnly: true,
      needs: [source.id],
      apply: async (run) => tools.openApi((await tools.folder.kubeconfig())!, run.signal),
    };
  }

  async function votes({ machine }: PreparedHost, { watch }: ClusterApi, run: StepContext): Promise<void> {
    await watch.until(
      machine.name,
      'to be Ready and a voting member of etcd',
      (node) => node?.ready === true && node.etcdVoter === true,
      {
        ...run,
        deadlineMs: deadlines.nodeReady,
        hint: `Look at it with \`slipway cluster ssh ${context.cluster.name} ${machine.name}\` and \`journalctl -u k3s\`.`,
      },
    );
  }

  async function ownTokens(): Promise<{ server: Secret; agent: Secret }> {
    const make = (): string => context.tools.newToken();
    return {
      server: await tools.folder.secret('server-token', make),
      agent: await tools.folder.secret('agent-token', make),
    };
  }

  async function clusterKubeconfig(raw: Secret, run: StepContext): Promise<Secret> {
    const known = servers
      .map((server) => valueIfKnown(machines.get(slotLabel(server))!, run))
      .filter((machine): machine is Machine => machine?.publicAddress !== undefined);
    const seedFirst = [...known].sort((a, b) => Number(b.slot === seed.slot) - Number(a.slot === seed.slot));
    const urls: string[] = [];
    for (const target of [...(address ? [address.address] : []), ...seedFirst.map((found) => found.publicAddress!)]) {
      const { host, port } = canForward(tools.provider)
        ? await tools.provider.forward(target, 6443, run)
        : { host: target, port: 6443 };
      urls.push(`https://${host}:${port}`);
    }
    return kubeconfigFor(raw, { cluster: context.cluster.name, servers: urls });
  }
}

/** Whether a server that failed to join may still be trying to become a member of etcd. */
const mayHoldPlace = (error: unknown): boolean =>
  !(error instanceof TaskFailedError) ||
  ['START_TIMEOUT', 'SERVER_UNREACHABLE', 'LEARNER_PENDING'].includes(error.taskCode ?? '');

const placeTaken = (machine: string, stuck: string): IncompleteError =>
  new IncompleteError(`${machine} cannot join while ${stuck} is on its way into etcd, which takes one at a time.`, {
    code: 'LEARNER_PENDING',
    hint: `Mend ${stuck}, or remove it from the cluster, then run the same command again.`,
  });

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

function passwordsOf(info: ServerInfo): { server: Secret; agent: Secret } {
  return { server: info.serverToken, agent: info.agentPassword };
}
