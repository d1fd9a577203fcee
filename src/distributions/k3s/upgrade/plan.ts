import {
  isSameMinor,
  type Machine,
  planRollout,
  type Role,
  slotLabel,
  type UpgradeNode,
  type UpgradeStage,
} from '../../../domain/index.js';
import type { Step, StepContext } from '../../../engine/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { rolloutSteps } from '../../../phases/rollout.js';
import { lookInside } from '../../../phases/session.js';
import { leftAtNode, markLater, quarantine, releaseNode } from '../../../phases/upgrade-marks.js';
import type { UpgradeRequest } from '../../upgrades.js';
import { snapshotEtcd } from '../host/index.js';
import { inOrderOf, lastHolder, refuseBlocked, stateOf } from '../node-rollout.js';
import { snapshotSource } from '../snapshot/source.js';
import { changeNode, type NodeChange, putBackNode } from './change-node.js';
import { stageGate } from './stage-gate.js';

/** What the snapshots that upgrades take begin with; the release that ran follows. */
const snapshotKind = 'slipway-at-';

type Context = Omit<PhaseContext, 'rules'>;

/**
 * The steps of an upgrade: a snapshot of etcd, then release after release the servers, one at a time, and the workers, in
 * waves behind a first one. Each wave begins once what was changed before it is up; the first that fails is the last.
 * @throws RefusedError code QUORUM
 */
export const planUpgrade = (context: Context, api: ClusterApi, request: UpgradeRequest): readonly Step[] =>
  new Upgrade(context, api, request).steps();

/** What the data were before the first change, as a file on a server. */
export function planSnapshot({ tools, facts, cluster }: Context): Step {
  const server = snapshotSource(cluster.name, facts);
  // By what it was taken with: only that release or a newer one restores it.
  const release = facts.newcomerVersion;
  return {
    id: `snapshot:${server.name}`,
    phase: 'Take a snapshot of etcd',
    target: slotLabel(server),
    text: `take a snapshot, ${snapshotKind}${release.replace('+', '-')}, and see that it is whole`,
    needs: [],
    lasts: true,
    apply: async (run) => {
      const session = await lookInside(tools, server, run);
      const { snapshot = '' } = await session.run(
        snapshotEtcd({ kind: snapshotKind, release, deadlineMs: deadlines.hostTask }),
        run,
      );
      run.progress(snapshot);
    },
  };
}

class Upgrade {
  constructor(
    private readonly context: Context,
    private readonly api: ClusterApi,
    private readonly request: UpgradeRequest,
  ) {
    this.#maySetAside = request.quarantine?.more ?? 0;
  }

  /** How many more workers may be set aside while the run goes on. */
  #maySetAside: number;

  steps(): readonly Step[] {
    const changed = new Set(
      this.request.stages.flatMap(({ servers, workers }) => [...servers, ...workers].map(nameOf)),
    );
    const left = this.#machines.filter(({ name }) => !changed.has(name)).flatMap((machine) => this.#tidy(machine));
    if (changed.size === 0) return left;
    const snapshot = planSnapshot(this.context);
    const steps: Step[] = [...left, snapshot];
    let opening: Step = snapshot;
    for (const stage of this.request.stages) {
      for (const role of ['control-plane', 'worker'] as const) {
        const group = role === 'worker' ? stage.workers : lastHolder(stage.servers, this.request.addressHolder);
        if (group.length === 0) continue;
        const own = this.#rollout(stage, role, group, opening);
        opening = stageGate(
          { context: this.context, api: this.api, served: this.request.served },
          stage,
          role,
          group.map(nameOf),
          own,
        );
        steps.push(...own, opening);
      }
    }
    // Behind the last of all comes nothing, unless users are to be served then, too.
    return this.request.served ? steps : steps.slice(0, -1);
  }

  get #machines(): readonly Machine[] {
    const { facts } = this.context;
    return facts.machines.filter(({ name }) => facts.nodes?.has(name));
  }

  #machine = (name: string): Machine => this.#machines.find((machine) => machine.name === name)!;

  #rollout(stage: UpgradeStage, role: Role, group: readonly UpgradeNode[], opening: Step): readonly Step[] {
    const { context, api, request } = this;
    const names = new Set(group.map(nameOf));
    const isServer = role === 'control-plane';
    const maxUnavailable = isServer ? 1 : request.maxUnavailable;
    const budget = { maxUnavailable, maxSurge: 0, canary: isServer ? 0 : 1, soakMs: request.soakMs };
    const found = stateOf(this.#machines, role, names, context.facts.nodes ?? new Map<string, NodeFacts>());
    const atFirst = { ...found, nodes: inOrderOf(group, found.nodes) };
    const rollout = planRollout(atFirst.nodes, budget, atFirst.members);
    refuseBlocked(context.cluster.name, role, found.nodes.length, rollout);
    return rolloutSteps(rollout, atFirst, {
      phase: phaseOf(stage.to, role),
      target: isServer ? 'servers' : 'workers',
      round: stage.to,
      cluster: context.cluster.name,
      budget,
      clock: context.tools.clock,
      stopsAtFailure: true,
      served: request.served,
      step: ({ name }, needs) =>
        this.#change(
          stage.to,
          group.find((node) => node.name === name)!,
          [opening, ...needs],
        ),
      cordon: ({ name }) =>
        this.#later(
          stage.to,
          group.find((node) => node.name === name)!,
          opening,
        ),
      look: async (run) => {
        const now = await api.kube.nodes(run);
        return stateOf(this.#machines, role, names, new Map(now.map((node) => [node.name, node])));
      },
    });
  }

  #change(to: string, { name, role, version: from }: UpgradeNode, needs: readonly Step[]): Step {
    const machine = this.#machine(name);
    const drained = this.#isDrained(machine, from, to);
    if (drained && this.request.quarantine?.workers.has(name)) return this.#setAside(to, machine, needs);
    const maySetAside = role === 'worker' && this.request.quarantine ? () => this.#maySetAside-- > 0 : undefined;
    const change: NodeChange = { context: this.context, api: this.api, machine, from, to, drained, maySetAside };
    return {
      id: `upgrade:${name}:${to}`,
      phase: phaseOf(to, role),
      target: slotLabel(machine),
      text: drained
        ? `drain it, and bring it from ${from} to ${to}`
        : `bring it from ${from} to ${to}; its pods run on`,
      changes: true,
      lasts: true,
      needs,
      ...(role === 'control-plane' ? { limits: ['join' as const] } : {}),
      apply: (run: StepContext) => changeNode(change, run),
      ...(isSameMinor(from, to) ? { putBack: (run: StepContext) => putBackNode(change, run) } : {}),
    };
  }

  /** It is known not to be emptied: others go on, and another machine takes its place afterwards. */
  #setAside(to: string, machine: Machine, needs: readonly Step[]): Step {
    return {
      id: `upgrade:${machine.name}:${to}`,
      phase: phaseOf(to, machine.role),
      target: slotLabel(machine),
      text: 'set it aside as it is, since it cannot be emptied',
      changes: true,
      needs,
      apply: (run) => quarantine(this.api, machine.name, run),
    };
  }

  /** A patch leaves pods running; for a minor they leave, where there is another node that could take them. */
  #isDrained({ role }: Machine, from: string, to: string): boolean {
    const others = this.#machines.filter((machine) => role === 'control-plane' || machine.role === role);
    return !isSameMinor(from, to) && others.length > 1;
  }

  #later(to: string, node: UpgradeNode, opening: Step): Step | undefined {
    const machine = this.#machine(node.name);
    // Where there are workers, servers take none of what leaves others.
    const takesPods = node.role === 'worker' || this.#machines.every(({ role }) => role !== 'worker');
    if (!takesPods || !this.#isDrained(machine, node.version, to)) return undefined;
    return {
      id: `later:${node.name}:${to}`,
      phase: phaseOf(to, node.role),
      target: slotLabel(machine),
      text: 'have evicted pods avoid it until it is its turn',
      changes: true,
      needs: [opening],
      apply: (run) => markLater(this.api, node.name, run),
      putBack: (run) => releaseNode(this.api, node.name, run),
    };
  }

  /** What a run that was stopped left at a node which has its release. */
  #tidy(machine: Machine): Step[] {
    const node = this.context.facts.nodes?.get(machine.name);
    if (!node || !leftAtNode(node)) return [];
    return [
      {
        id: `tidy:${machine.name}`,
        phase: 'Finish an upgrade that was stopped',
        target: slotLabel(machine),
        text: 'have it take pods as before',
        changes: true,
        needs: [],
        apply: (run) => releaseNode(this.api, machine.name, run),
      },
    ];
  }
}

const nameOf = ({ name }: { readonly name: string }): string => name;

const phaseOf = (to: string, role: Role): string => `Bring ${role === 'worker' ? 'workers' : 'servers'} to ${to}`;
