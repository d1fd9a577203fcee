import { slotLabel, type Machine, type WantedMachine } from '../domain/index.js';
import { known, type Later, needsOf, type Step, type StepContext, valueIfKnown, valueOf } from '../engine/index.js';
import {
  type AddressTurn,
  firstLogin,
  holdAddress,
  holderIn,
  holdingOf,
  parseHostFacts,
  parseServerInfo,
  serverInfo,
} from '../k3s/index.js';
import { TaskFailedError } from '../remote/index.js';
import type { Session } from '../remote/types.js';
import type { PhaseContext } from './context.js';
import { deadlines } from './deadlines.js';
import type { FoundationPlan } from './foundation.js';
import type { HostPlan } from './hosts.js';
import type { MachinePlan } from './machines.js';
import { serverNames, serverTask } from './server-task.js';
import { openSession } from './session.js';

const phase = 'Hold the API’s address';

export interface AddressPlan {
  readonly address: string;
  /** Steps of servers that run already and are to learn of others, by machine name. */
  readonly renewals: ReadonlyMap<string, Step>;
  /** The step in which a server that starts takes its turn, once the steps `started` are done. */
  turn(server: WantedMachine, started: readonly string[]): Step;
}

/**
 * The address that one of the servers always holds, where the file reserves one. Servers that run already learn of a
 * new one before it takes its turn: it would hear nobody, and take the address as well. They forget one that leaves only
 * after it is gone. Undefined where no address is reserved.
 */
export function planApiAddress(
  context: PhaseContext,
  foundation: FoundationPlan,
  machinePlan: MachinePlan,
  hosts: HostPlan,
): AddressPlan | undefined {
  const { facts, spec, tools, cluster } = context;
  const { address, holder } = spec.kubernetes.api;
  if (address === undefined) return undefined;
  const { comparison } = facts;
  const isServer = ({ role }: Pick<Machine, 'role'>): boolean => role === 'control-plane';
  const servers = comparison.wanted.filter(isServer);
  const laters = servers.map((server) => machinePlan.machines.get(slotLabel(server))!);
  const starting = servers.filter((server) => hosts.prepared.has(slotLabel(server)));
  const running = comparison.kept.filter((machine) => isServer(machine) && !hosts.prepared.has(slotLabel(machine)));
  const leaving = comparison.surplus.filter(isServer);
  const leavingAlive = leaving.filter(({ name }) => facts.nodes?.get(name)?.ready);

  const order =
    starting.length > 0 ? { after: needsOf(...laters) } : { after: leaving.map(({ name }) => `remove:${name}`) };
  const told = [...running, ...(starting.length > 0 ? leavingAlive : [])].filter((machine) => !isAsWanted(machine));
  const formers = told.map(({ name }) => formerHolder(name));
  const lastFormer = formers.findLastIndex((former) => former !== undefined);
  const renewals = new Map(
    told.map((machine, index): [string, Step] => {
      const former = formers[index];
      const text =
        former !== undefined
          ? `hand ${address} over from ${former} to ${holder}`
          : facts.hosts.get(machine.name)?.apiHold === undefined
            ? `take its turn at holding ${address} with ${holder}`
            : `learn which servers hold ${address} with ${holder}`;
      // It may have to be started anew, and servers do that one at a time. A handover that fails goes no further: as
      // long as a server has the former way, the address is held.
      const needs = lastFormer >= 0 && index > 0 ? [stepId(told[index - 1]!)] : [];
      return [
        machine.name,
        step(machine, known(machine), text, { needs, ...order, limits: ['join'] }, index < lastFormer),
      ];
    }),
  );

  return {
    address,
    renewals,
    turn: (server, started) => {
      const own = machinePlan.machines.get(slotLabel(server))!;
      return step(server, own, `take its turn at holding ${address} with ${holder}`, {
        needs: [...started, ...needsOf(own), ...[...renewals.values()].map(({ id }) => id)],
        after: needsOf(...laters),
      });
    },
  };

  /** By what a server holds the address now, where that is not what the file says. */
  function formerHolder(name: string): AddressTurn['holder'] | undefined {
    const found = holderIn(facts.hosts.get(name)?.apiHold);
    return found === holder ? undefined : found;
  }

  /** A server that leaves may have the place of one that comes. */
  function stepId(server: Pick<Machine, 'name' | 'pool' | 'slot'>): string {
    return `address:${leaving.some(({ name }) => name === server.name) ? server.name : slotLabel(server)}`;
  }

  function isAsWanted(machine: Machine): boolean {
    const found = facts.hosts.get(machine.name);
    // One that could not be asked is left alone, unless there is something it has to know.
    if (found === undefined) return starting.length === 0;
    const others = laters.map((later) => ('known' in later ? later.known : undefined));
    if (others.some((other) => other === undefined) || leavingAlive.includes(machine)) return false;
    return (
      found.apiHold ===
      holdingOf(
        turnOf(
          machine,
          others.filter((other) => other !== undefined),
        ),
      )
    );
  }

  function turnOf(machine: Machine, among: readonly Machine[]): AddressTurn {
    const own = inside(machine);
    return {
      holder,
      address: address!,
      ownAddress: own,
      peers: [...new Set(among.map(inside))].filter((peer) => peer !== own),
      slot: machine.slot,
      clusterId: cluster.id,
    };
  }

  function step(
    server: Pick<Machine, 'name' | 'pool' | 'role' | 'slot'>,
    own: Later<Machine>,
    text: string,
    order: Pick<Step, 'needs' | 'after' | 'limits'>,
    isHandover = false,
  ): Step {
    return {
      id: stepId(server),
      phase,
      target: slotLabel(server),
      text,
      ...order,
      apply: async (run) => {
        const machine = valueOf(own, run);
        const session = await openSession(tools, machine, deadlines.ssh, run);
        const among = laters.flatMap((later) => valueIfKnown(later, run) ?? []);
        const task = holdAddress({ ...turnOf(machine, among), isHandover });
        try {
          await session.run(task, run);
        } catch (error) {
          if (!(error instanceof TaskFailedError) || error.taskCode !== 'NOT_IN_CERTIFICATE') throw error;
          run.progress(`starting k3s anew, so that its certificate names ${address}`);
          await restart(machine, session, run);
          await session.run(task, run);
        }
      },
    };
  }

  /** An address that the cluster got later: its servers know it only once they were started with it. */
  async function restart(machine: Machine, session: Session, run: StepContext): Promise<void> {
    const found = parseHostFacts(
      await session.run(
        firstLogin({
          privateAddress: machine.privateAddress,
          // On a machine that was there before us cloud-init is its owner's affair.
          cloudInit: machine.login === undefined,
          deadlineMs: deadlines.cloudInit,
        }),
        run,
      ),
    );
    const info = parseServerInfo(await session.run(serverInfo(), run));
    const host = { machine, facts: found };
    await session.run(
      serverTask(context, host, machine, {
        tlsSans: serverNames(context, machinePlan, foundation, run),
        // It has data of the cluster and so joins nothing; should it lose them, it must not begin another cluster.
        joinAddress: address,
        tokens: { server: info.serverToken, agent: info.agentPassword },
      }),
      run,
    );
    await facts.api?.watch.until(machine.name, 'to be Ready again', (node) => node?.ready === true, {
      ...run,
      deadlineMs: deadlines.nodeReady,
      hint: `Look at it with \`slipway cluster ssh ${cluster.name} ${machine.name}\` and \`journalctl -u k3s\`.`,
    });
  }
}

/** Where the other machines find one. */
export function inside(machine: Machine): string {
  return machine.privateAddress ?? machine.publicAddress ?? machine.name;
}
