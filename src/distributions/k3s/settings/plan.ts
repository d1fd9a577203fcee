import { type Machine, planRollout, type Role, slotLabel } from '../../../domain/index.js';
import { from, type Later, needsOf, type Step } from '../../../engine/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { rolloutSteps } from '../../../phases/rollout.js';
import type { SettingsRequest } from '../../settings.js';
import type { K3sContext } from '../context.js';
import { parseServerInfo, type ServerInfo, serverInfo } from '../host/index.js';
import { inOrderOf, lastHolder, refuseBlocked, stateOf } from '../node-rollout.js';
import { k3sRules } from '../rules.js';
import { asked } from '../running.js';
import { openTokenSource } from '../token-source.js';
import { configureAgent, configureServer, readyServers } from './configure-node.js';
import { putBackNode, type SettingsChange } from './put-back.js';

const phaseOf = (role: Role): string => `Change the settings of ${role === 'worker' ? 'workers' : 'servers'}`;

/**
 * The steps of a rollout in which nodes get the configuration that the file asks for, and are started with it: servers one
 * at a time, then a first worker and the others in waves. Pods run on. Each wave begins once what was changed before it is
 * up; the first that fails is the last, and has its former configuration again.
 * @throws RefusedError codes QUORUM, NODES_DOWN
 */
export function planSettings(
  context: Omit<PhaseContext, 'rules'>,
  api: ClusterApi,
  request: SettingsRequest,
): readonly Step[] {
  const k3s = asAsked(context);
  const { nodes, machines } = context.facts;
  const running = machines.filter(({ name }) => nodes?.has(name));
  const of = (role: Role): readonly Machine[] =>
    running.filter((machine) => machine.role === role && request.machines.has(machine.name));
  const rollout = new SettingsRollout(k3s, api, running, request.maxUnavailable);
  const servers = rollout.steps('control-plane', lastHolder(of('control-plane'), request.addressHolder), []);
  const workers = of('worker');
  if (workers.length === 0) return servers;
  const tokens = tokensStep(k3s, servers);
  return [...servers, tokens, ...rollout.steps('worker', workers, [tokens], from(tokens))];
}

/** What is to be started now leaves out what the file says, whatever runs. */
function asAsked({ facts, tools, spec, ...rest }: Omit<PhaseContext, 'rules'>): K3sContext {
  const { current, desired } = facts.comparison;
  const there = desired.filter(({ name }) => current.some((machine) => machine.name === name));
  return {
    ...rest,
    tools,
    spec,
    rules: k3sRules,
    facts: {
      ...facts,
      comparison: { ...facts.comparison, desired: there },
      disabledParts: asked(tools.provider, spec),
      serverVersions: [],
      hosts: new Map(),
    },
  };
}

class SettingsRollout {
  constructor(
    private readonly context: K3sContext,
    private readonly api: ClusterApi,
    private readonly machines: readonly Machine[],
    private readonly maxUnavailable: number,
  ) {}

  steps(role: Role, group: readonly Machine[], before: readonly Step[], tokens?: Later<ServerInfo>): readonly Step[] {
    const { cluster, tools, facts } = this.context;
    const names = new Set(group.map(({ name }) => name));
    const isServer = role === 'control-plane';
    const budget = {
      maxUnavailable: isServer ? 1 : this.maxUnavailable,
      maxSurge: 0,
      canary: isServer ? 0 : 1,
      soakMs: 0,
    };
    const found = stateOf(this.machines, role, names, facts.nodes ?? new Map<string, NodeFacts>());
    const atFirst = { ...found, nodes: inOrderOf(group, found.nodes) };
    const rollout = planRollout(atFirst.nodes, budget, atFirst.members);
    refuseBlocked(cluster.name, role, found.nodes.length, rollout);
    return rolloutSteps(rollout, atFirst, {
      phase: phaseOf(role),
      target: isServer ? 'servers' : 'workers',
      round: 'settings',
      cluster: cluster.name,
      budget,
      clock: tools.clock,
      stopsAtFailure: true,
      step: ({ name }, needs) =>
        this.#change(
          group.find((machine) => machine.name === name)!,
          [...before, ...needs],
          tokens,
        ),
      cordon: () => undefined,
      look: async (run) => {
        const now = await this.api.kube.nodes(run);
        return stateOf(this.machines, role, names, new Map(now.map((node) => [node.name, node])));
      },
    });
  }

  #change(machine: Machine, needs: readonly Step[], tokens: Later<ServerInfo> | undefined): Step {
    const { context, api } = this;
    const change: SettingsChange = { context, api, machine };
    const isServer = machine.role === 'control-plane';
    const alone = isServer && this.machines.filter(({ role }) => role === 'control-plane').length === 1;
    const details = context.facts.outdated
      .filter(({ machine: name }) => name === machine.name)
      .flatMap(({ reasons }) => reasons.filter(({ reason }) => reason === 'config'))
      .map(({ desired, observed }) => `${observed} → ${desired}`);
    return {
      id: `settings:${machine.name}`,
      phase: phaseOf(machine.role),
      target: slotLabel(machine),
      text: `write its configuration and start k3s with it; ${alone ? 'the API is away meanwhile, pods run on' : 'its pods run on'}`,
      details,
      changes: true,
      lasts: true,
      needs: [...needs, ...(tokens ? needsOf(tokens) : [])],
      ...(isServer ? { limits: ['join' as const] } : {}),
      apply: (run) => (tokens ? configureAgent(change, tokens, run) : configureServer(change, run)),
      putBack: (run) => putBackNode(change, run),
    };
  }
}

/** What agents are started with; any server that is up tells it. */
const tokensStep = (context: K3sContext, servers: readonly Step[]): Step<ServerInfo> => ({
  id: 'settings:tokens',
  phase: phaseOf('worker'),
  target: 'workers',
  text: 'read what agents are started with',
  readOnly: true,
  needs: servers,
  apply: async (run) => {
    const [first, ...others] = readyServers(context.facts);
    const session = await openTokenSource(context.tools, [first!, ...others], run);
    return parseServerInfo(await session.run(serverInfo(), run));
  },
});
