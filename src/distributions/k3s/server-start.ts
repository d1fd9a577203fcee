import { slotLabel, type Machine, type DesiredMachine } from '../../domain/index.js';
import { type Later, needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import { beginAnew, forgetEtcd, type ServerInfo } from './host/index.js';
import { TaskFailedError } from '../../remote/index.js';
import type { HostTask, Session } from '../../remote/types.js';
import type { ClusterApi, RestoreSource } from '../../phases/context.js';
import type { K3sContext as PhaseContext } from './context.js';
import { deadlines } from '../../phases/deadlines.js';
import type { InfrastructurePlan } from '../../phases/infrastructure.js';
import type { HostPlan, PreparedHost } from './hosts.js';
import { isVoter } from './etcd.js';
import type { MachinePlan } from '../../phases/machines.js';
import { markNode } from '../../phases/made-by.js';
import { mayBeginAnew } from './bootstrap-server.js';
import { restoreServer } from './restore-server.js';
import { serverNames, serverTask, type JoinTokens } from './server-task.js';
import { openSession } from '../../phases/session.js';

export const controlPlanePhase = 'Start the control plane';

/** What starting a server takes from the rest of the plan. */
export interface ServerStartInput {
  readonly context: PhaseContext;
  readonly infrastructure: InfrastructurePlan;
  readonly machinePlan: MachinePlan;
  readonly hosts: HostPlan;
  /** Where servers that join find the API. */
  readonly apiAddress: (run: StepContext) => string;
  /** What every start waits for. */
  readonly needs: readonly Step[];
  /**
   * Whether servers join all at once: k3s does all that comes before, asks etcd every second, and etcd takes one learner at
   * a time. Only for newcomers, and where nothing else of this run changes who votes, or restarts one that does.
   */
  readonly joinAtOnce: boolean;
}

/** Steps that start servers. Whatever else changes etcd's members, or restarts one, waits meanwhile. */
export class ServerStarts {
  /** Set while the run goes on: a server that is stuck on its way into etcd keeps the only place. */
  #stuck: string | undefined;
  /** Those that were started, and neither vote yet nor failed for want of the place. */
  readonly #onTheirWay = new Set<string>();

  constructor(private readonly input: ServerStartInput) {}

  /** Writes the first server's configuration and starts k3s. One that has etcd data ignores that it is the first. */
  first(server: DesiredMachine): Step {
    const { context } = this.input;
    const prepared = this.#prepared(server);
    if (context.restore) return this.#restored(server, prepared, context.restore);
    return {
      ...this.#order('init', server, []),
      limits: ['join'],
      text: 'start the cluster as its first server',
      apply: async (run) => {
        const host = run.output(prepared);
        const session = await openSession(context.tools, host.machine, deadlines.ssh, run);
        const task = this.#task(host, server, await ownTokens(context), undefined, run);
        await startOrStartAnew(session, task, run, (code) =>
          code === 'NO_BOOTSTRAP_DATA' && mayBeginAnew(server.name, context.facts)
            ? {
                task: beginAnew({ deadlineMs: deadlines.hostTask }),
                text: 'it was stopped while it made etcd, which holds nothing yet: beginning anew',
              }
            : undefined,
        );
      },
    };
  }

  /** The first server of a cluster that is made from a backup; the others lose what they have and join it. */
  #restored(server: DesiredMachine, prepared: Step<PreparedHost>, source: RestoreSource): Step {
    const { context } = this.input;
    const { facts, tools } = context;
    return {
      ...this.#order('init', server, []),
      limits: ['join'],
      text: `start the cluster from the backup ${source.backup}`,
      destroys: facts.hosts.get(server.name)?.etcdData ?? false,
      apply: async (run) => {
        const host = run.output(prepared);
        const session = await openSession(tools, host.machine, deadlines.ssh, run);
        const start = this.#task(host, server, source.tokens, undefined, run);
        const integration = tools.provider.kubernetesIntegration;
        const machines = [host.machine, ...facts.comparison.current.filter(({ name }) => name !== host.machine.name)];
        const keep = machines.map((machine) => ({ name: machine.name, providerId: integration.providerId(machine) }));
        await restoreServer(session, { source, start, own: host.machine.name, keep }, run);
        await source.restored();
      },
    };
  }

  /** Starts k3s by way of a running server, and waits until the node is Ready and votes. */
  joining(
    server: DesiredMachine,
    text: string,
    tokens: Step<ServerInfo>,
    api: Later<ClusterApi>,
    needs: readonly Step[],
  ): Step {
    const { context, apiAddress, joinAtOnce } = this.input;
    const prepared = this.#prepared(server);
    return {
      ...this.#order('join', server, [tokens, ...needs, ...needsOf(api)]),
      limits: joinAtOnce ? [] : ['join'],
      text,
      apply: async (run) => {
        const host = run.output(prepared);
        if (!joinAtOnce && this.#stuck !== undefined) throw placeTaken(host.machine.name, this.#stuck);
        const { name } = host.machine;
        this.#onTheirWay.add(name);
        const session = await openSession(context.tools, host.machine, deadlines.ssh, run);
        const task = this.#task(host, server, passwordsOf(run.output(tokens)), apiAddress(run), run);
        try {
          await startOrStartAnew(session, task, run, (code) =>
            code === 'NOT_A_MEMBER'
              ? {
                  task: forgetEtcd({ deadlineMs: deadlines.hostTask }),
                  text: 'etcd took this server out while it was gone: putting its old data aside, and joining anew',
                }
              : undefined,
          );
          await votes(context, host, valueOf(api, run), run);
          this.#onTheirWay.delete(name);
        } catch (error) {
          if (isPlaceTaken(error)) throw this.#waitedInVain(name, error);
          if (mayHoldPlace(error)) this.#stuck ??= name;
          throw error;
        }
      },
    };
  }

  /** The first server is through once it votes. */
  ready(server: DesiredMachine, started: Step, api: Later<ClusterApi>): Step {
    const prepared = this.#prepared(server);
    return {
      id: `ready:${server.name}`,
      phase: controlPlanePhase,
      target: slotLabel(server),
      text: 'wait until it is Ready and votes',
      needs: [started, prepared, ...needsOf(api)],
      apply: (run) => votes(this.input.context, run.output(prepared), valueOf(api, run), run),
    };
  }

  /** It may come to its end before the one it waited for, as all start at once: then any of the others may be that one. */
  #waitedInVain(name: string, error: unknown): unknown {
    this.#onTheirWay.delete(name);
    const others = this.#stuck === undefined ? [...this.#onTheirWay] : [this.#stuck];
    if (others.length > 0) return placeTaken(name, others.join(' or '), error);
    this.#stuck = name;
    return error;
  }

  #prepared(server: DesiredMachine): Step<PreparedHost> {
    return this.input.hosts.prepared.get(slotLabel(server))!;
  }

  #order(what: 'init' | 'join', server: DesiredMachine, needs: readonly Step[]) {
    return {
      id: `${what}:${server.name}`,
      phase: controlPlanePhase,
      target: slotLabel(server),
      needs: [this.#prepared(server), ...needs, ...this.input.needs],
    } as const satisfies Partial<Step>;
  }

  #task(
    host: PreparedHost,
    server: DesiredMachine,
    tokens: JoinTokens,
    joinAddress: string | undefined,
    run: StepContext,
  ): HostTask {
    const { context, machinePlan, infrastructure } = this.input;
    const tlsSans = serverNames(context, machinePlan, infrastructure, run);
    return serverTask(context, host, server, { tlsSans, joinAddress, tokens });
  }
}

/**
 * Starts k3s. A server that was gone for long may have been taken out of etcd meanwhile; the others have all it had. A
 * first one that was stopped while it made etcd has files that nothing can be started from. Either is cleared, where
 * `clearing` says how, and started once more.
 */
async function startOrStartAnew(
  session: Session,
  task: HostTask,
  run: StepContext,
  clearing: (code: string | undefined) => { readonly task: HostTask; readonly text: string } | undefined,
): Promise<void> {
  try {
    await session.run(task, run);
  } catch (error) {
    const clear = clearing(error instanceof TaskFailedError ? error.taskCode : undefined);
    if (clear === undefined) throw error;
    run.progress(clear.text);
    await session.run(clear.task, run);
    await session.run(task, run);
  }
}

async function votes(
  context: PhaseContext,
  { machine }: { readonly machine: Machine },
  api: ClusterApi,
  run: StepContext,
): Promise<void> {
  await api.watch.until(
    machine.name,
    'to be Ready and a voting member of etcd',
    (node) => node?.ready === true && isVoter(node) === true,
    {
      ...run,
      lacks: (node) => (isVoter(node) === false ? 'no etcd voter yet' : undefined),
      deadlineMs: deadlines.nodeReady,
      hint: `Look at it with \`slipway cluster ssh ${context.cluster.name} ${machine.name}\` and \`journalctl -u k3s\`.`,
    },
  );
  await markNode(context.facts, api, machine, run);
}

async function ownTokens({ tools }: PhaseContext): Promise<JoinTokens> {
  const make = (): string => tools.newToken();
  return {
    server: await tools.folder.secret('server-token', make),
    agent: await tools.folder.secret('agent-token', make),
  };
}

const passwordsOf = (info: ServerInfo): JoinTokens => ({ server: info.serverToken, agent: info.agentPassword });

/** Whether a server that failed to join may still be trying to become a member of etcd. */
const mayHoldPlace = (error: unknown): boolean =>
  !(error instanceof TaskFailedError) ||
  ['START_TIMEOUT', 'SERVER_UNREACHABLE', 'LEARNER_PENDING'].includes(error.taskCode ?? '');

/** Whether a server has waited in vain for another one to be through. */
const isPlaceTaken = (error: unknown): boolean =>
  error instanceof TaskFailedError && error.taskCode === 'LEARNER_PENDING';

const placeTaken = (machine: string, stuck: string, cause?: unknown): IncompleteError =>
  new IncompleteError(`${machine} cannot join while ${stuck} is on its way into etcd, which takes one at a time.`, {
    code: 'LEARNER_PENDING',
    hint: `Fix ${stuck}, or remove it from the cluster, then run the same command again.`,
    cause,
  });
