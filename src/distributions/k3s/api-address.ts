import { slotLabel, type Machine, type DesiredMachine } from '../../domain/index.js';
import { known, type Later, needsOf, type Step, type StepContext, valueIfKnown, valueOf } from '../../engine/index.js';
import type { K3sContext } from './context.js';
import { hostFacts } from './host-facts.js';
import { type VipConfig, holdVip, vipProviderIn, vipDescription, parseServerInfo, serverInfo } from './host/index.js';
import { TaskFailedError } from '../../remote/index.js';
import type { Session } from '../../remote/types.js';
import { deadlines } from '../../phases/deadlines.js';
import type { InfrastructurePlan } from '../../phases/infrastructure.js';
import type { HostPlan } from './hosts.js';
import type { MachinePlan } from '../../phases/machines.js';
import { serverNames, serverTask } from './server-task.js';
import { openSession } from '../../phases/session.js';

const phase = 'Hold the API’s address';

export interface AddressPlan {
  readonly address: string;
  /** Steps of servers that run already and are to learn of others before those take their turn, by machine name. */
  readonly renewals: ReadonlyMap<string, Step>;
  /** The step in which a server that starts takes its turn, once the steps `started` are done. */
  hold(server: DesiredMachine, started: readonly Step[]): Step;
  /** Steps of servers that are to forget others once those are gone. @param removals by machine name */
  forgetting(removals: ReadonlyMap<string, Step>): readonly Step[];
}

/**
 * The address that one of the servers always holds, where the file reserves one. Servers that run already learn of a
 * new one before it takes its turn: it would hear nobody, and take the address as well. They forget one that leaves only
 * after it is gone. Undefined where no address is reserved.
 */
export function planApiAddress(
  context: K3sContext,
  infrastructure: InfrastructurePlan,
  machinePlan: MachinePlan,
  hosts: HostPlan,
): AddressPlan | undefined {
  const { address } = context.spec.kubernetes.api;
  return address === undefined ? undefined : new HeldAddress(context, infrastructure, machinePlan, hosts, address);
}

class HeldAddress implements AddressPlan {
  readonly renewals: ReadonlyMap<string, Step>;
  /** Machines of all servers that the file asks for, as far as they are there. */
  readonly #servers: readonly Later<Machine>[];
  readonly #isAnyStarting: boolean;
  /** Servers that run already and have something to be told. */
  readonly #told: readonly Machine[];
  /** Whether they are told only once others are gone. The address is held meanwhile, so nobody waits for it. */
  readonly #isToldLate: boolean;
  readonly #leaving: readonly Machine[];
  readonly #leavingAlive: readonly Machine[];

  constructor(
    private readonly context: K3sContext,
    private readonly infrastructure: InfrastructurePlan,
    private readonly machinePlan: MachinePlan,
    hosts: HostPlan,
    readonly address: string,
  ) {
    const { comparison, nodes } = context.facts;
    const isServer = ({ role }: Pick<Machine, 'role'>): boolean => role === 'control-plane';
    const starts = (machine: Pick<Machine, 'pool' | 'slot'>): boolean => hosts.prepared.has(slotLabel(machine));
    const servers = comparison.desired.filter(isServer);
    this.#servers = servers.map((server) => machinePlan.machines.get(slotLabel(server))!);
    this.#isAnyStarting = servers.some(starts);
    this.#leaving = comparison.excess.filter(isServer);
    this.#leavingAlive = this.#leaving.filter(({ name }) => nodes?.get(name)?.ready);
    const running = comparison.current.filter((machine) => isServer(machine) && !starts(machine));
    this.#told = [...running, ...(this.#isAnyStarting ? this.#leavingAlive : [])].filter(
      (machine) => !this.#isAsDesired(machine),
    );
    const isHeld = running.some(({ name }) => context.facts.hosts.get(name)?.vip !== undefined);
    this.#isToldLate = !this.#isAnyStarting && this.#leaving.length > 0 && isHeld;
    this.renewals = this.#isToldLate
      ? new Map()
      : this.#renewalsAfter(this.#isAnyStarting ? needsOf(...this.#servers) : []);
  }

  forgetting(removals: ReadonlyMap<string, Step>): readonly Step[] {
    if (!this.#isToldLate) return [];
    return [...this.#renewalsAfter(this.#leaving.flatMap(({ name }) => removals.get(name) ?? [])).values()];
  }

  hold(server: DesiredMachine, started: readonly Step[]): Step {
    const own = this.machinePlan.machines.get(slotLabel(server))!;
    return this.#step(server, own, `take its turn at holding ${this.address} with ${this.#vipProvider}`, {
      needs: [...started, ...needsOf(own), ...this.renewals.values()],
      after: needsOf(...this.#servers),
    });
  }

  get #vipProvider(): VipConfig['vipProvider'] {
    return this.context.spec.kubernetes.api.vipProvider;
  }

  #renewalsAfter(after: readonly Step[]): ReadonlyMap<string, Step> {
    const { facts } = this.context;
    const formers = this.#told.map(({ name }) => this.#formerHolder(name));
    const lastFormer = formers.findLastIndex((former) => former !== undefined);
    const steps = new Map<string, Step>();
    let before: Step | undefined;
    for (const [index, machine] of this.#told.entries()) {
      const former = formers[index];
      const text =
        former !== undefined
          ? `hand ${this.address} over from ${former} to ${this.#vipProvider}`
          : facts.hosts.get(machine.name)?.vip === undefined
            ? `take its turn at holding ${this.address} with ${this.#vipProvider}`
            : `learn which servers hold ${this.address} with ${this.#vipProvider}`;
      // It may have to be started anew, and servers do that one at a time. A handover that fails goes no further: as
      // long as a server has the former way, the address is held.
      const needs = lastFormer >= 0 && before ? [before] : [];
      const order = { needs, after, limits: ['join'] } as const;
      before = this.#step(machine, known(machine), text, order, index < lastFormer);
      steps.set(machine.name, before);
    }
    return steps;
  }

  /** By what a server holds the address now, where that is not what the file says. */
  #formerHolder(name: string): VipConfig['vipProvider'] | undefined {
    const found = vipProviderIn(this.context.facts.hosts.get(name)?.vip);
    return found === this.#vipProvider ? undefined : found;
  }

  #isAsDesired(machine: Machine): boolean {
    const found = this.context.facts.hosts.get(machine.name);
    // One that could not be asked is left alone, unless there is something it has to know.
    if (found === undefined) return !this.#isAnyStarting;
    const others = this.#servers.map((later) => ('known' in later ? later.known : undefined));
    const there = others.filter((other) => other !== undefined);
    if (there.length < others.length || this.#leavingAlive.includes(machine)) return false;
    return found.vip === vipDescription(this.#turnOf(machine, there));
  }

  #turnOf(machine: Machine, among: readonly Machine[]): VipConfig {
    const own = internalAddress(machine);
    return {
      vipProvider: this.#vipProvider,
      address: this.address,
      ownAddress: own,
      peers: [...new Set(among.map(internalAddress))].filter((peer) => peer !== own),
      slot: machine.slot,
      clusterId: this.context.cluster.id,
    };
  }

  #step(
    server: Pick<Machine, 'name' | 'pool' | 'role' | 'slot'>,
    own: Later<Machine>,
    text: string,
    order: Pick<Step, 'needs' | 'after' | 'limits'>,
    isHandover = false,
  ): Step {
    return {
      id: `address:${server.name}`,
      phase,
      target: slotLabel(server),
      text,
      ...order,
      apply: async (run) => {
        const machine = valueOf(own, run);
        const session = await openSession(this.context.tools, machine, deadlines.ssh, run);
        const among = this.#servers.flatMap((later) => valueIfKnown(later, run) ?? []);
        const task = holdVip({ ...this.#turnOf(machine, among), isHandover });
        try {
          await session.run(task, run);
        } catch (error) {
          if (!(error instanceof TaskFailedError) || error.taskCode !== 'NOT_IN_CERTIFICATE') throw error;
          run.progress(`starting k3s anew, so that its certificate names ${this.address}`);
          await this.#restart(machine, session, run);
          await session.run(task, run);
        }
      },
    };
  }

  /** An address that the cluster got later: its servers know it only once they were started with it. */
  async #restart(machine: Machine, session: Session, run: StepContext): Promise<void> {
    const { context } = this;
    const found = await hostFacts(machine, session, run);
    const info = parseServerInfo(await session.run(serverInfo(), run));
    const host = { machine, facts: found };
    await session.run(
      serverTask(context, host, machine, {
        tlsSans: serverNames(context, this.machinePlan, this.infrastructure, run),
        // It has data of the cluster and so joins nothing; should it lose them, it must not begin another cluster.
        joinAddress: this.address,
        tokens: { server: info.serverToken, agent: info.agentPassword },
      }),
      run,
    );
    await context.facts.api?.watch.until(machine.name, 'to be Ready again', (node) => node?.ready === true, {
      ...run,
      deadlineMs: deadlines.nodeReady,
      hint: `Look at it with \`slipway cluster ssh ${context.cluster.name} ${machine.name}\` and \`journalctl -u k3s\`.`,
    });
  }
}

/** Where the other machines find one. */
export function internalAddress(machine: Machine): string {
  return machine.privateAddress ?? machine.publicAddress ?? machine.name;
}
