import { madeByKeys, type Machine, slotLabel } from '../../../domain/index.js';
import { known, type Later, type StepContext, valueIfKnown, valueOf } from '../../../engine/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { desiredTaints } from '../../../phases/desired-marks.js';
import { planInfrastructure } from '../../../phases/infrastructure.js';
import { isUpNode } from '../../../phases/is-up.js';
import { openSession } from '../../../phases/session.js';
import { internalAddress } from '../api-address.js';
import type { K3sContext } from '../context.js';
import { checkServer, disabledAt, parseServerInfo, type ServerInfo, serverInfo, startAgent } from '../host/index.js';
import { hostFacts } from '../host-facts.js';
import { orPutBack, type SettingsChange } from './put-back.js';
import { nodeSettings } from '../node-settings.js';
import { k3sRules } from '../rules.js';
import { configuredNow } from '../running.js';
import { serverNames, serverTask } from '../server-task.js';

/** Servers that are up, as they were found. */
export const readyServers = ({ machines, nodes }: K3sContext['facts']): readonly Machine[] =>
  machines.filter(({ name, role }) => role === 'control-plane' && isUpNode(role, nodes?.get(name), k3sRules));

/**
 * Writes a server's configuration, starts k3s with it, and waits until it serves and votes. Where that is done already, as by
 * a run that was killed, k3s is not started again.
 */
export async function configureServer(change: SettingsChange, run: StepContext): Promise<void> {
  const { context, api, machine } = change;
  const { tools, facts } = context;
  const session = await openSession(tools, machine, deadlines.ssh, run);
  const host = { machine, facts: await hostFacts(machine, session, run) };
  const info = parseServerInfo(await session.run(serverInfo(), run));
  const { balancer } = planInfrastructure(context);
  const machines = new Map(facts.comparison.current.map((one) => [slotLabel(one), known(one)] as const));
  const task = serverTask(context, host, machine, {
    tlsSans: serverNames(context, { machines }, { balancer }, run),
    // It has data of the cluster and so joins nothing; should it lose them, it must not begin another cluster.
    joinAddress: apiAddress(context, machine, run),
    tokens: { server: info.serverToken, agent: info.agentPassword },
  });
  const parts = [...new Set(facts.disabledParts)].sort().join();
  // An older node object may still say what the former k3s was started with.
  const isThere = (node: NodeFacts | undefined): boolean =>
    isUpNode('control-plane', node, k3sRules) && (disabledAt(node!.annotations)?.join() ?? parts) === parts;
  await orPutBack(change, task, run, async () => {
    await session.run(task, run);
    await session.run(checkServer(), run);
    await isUp(context, api, machine, 'to be Ready and vote, with its new settings', isThere, run);
  });
}

/** The same of an agent. */
export async function configureAgent(
  change: SettingsChange,
  tokens: Later<ServerInfo>,
  run: StepContext,
): Promise<void> {
  const { context, api, machine } = change;
  const session = await openSession(context.tools, machine, deadlines.ssh, run);
  const host = { machine, facts: await hostFacts(machine, session, run) };
  const task = startAgent({
    ...nodeSettings(context, host),
    taints: desiredTaints(context.spec, machine),
    joinAddress: apiAddress(context, machine, run)!,
    token: valueOf(tokens, run).agentToken,
    deadlineMs: deadlines.agentStart,
  });
  await orPutBack(change, task, run, async () => {
    await session.run(task, run);
    await isUp(context, api, machine, 'to be Ready', (node) => node?.ready === true, run);
  });
}

/** Where a node finds the API of others when it starts; undefined for a server that has no others. */
function apiAddress(context: K3sContext, { name }: Machine, run: StepContext): string | undefined {
  const { facts, spec } = context;
  const { balancer } = planInfrastructure(context);
  const other = readyServers(facts).find((server) => server.name !== name);
  return (
    (balancer && valueIfKnown(balancer, run)?.address) ??
    spec.kubernetes.api.address ??
    (other && internalAddress(other))
  );
}

/** Waits until a node is up, and writes on it what it is configured by. */
async function isUp(
  { cluster, spec, facts, tools: { provider } }: K3sContext,
  api: ClusterApi,
  { name, role }: Machine,
  what: string,
  isThere: (node: NodeFacts | undefined) => boolean,
  run: StepContext,
): Promise<void> {
  const unit = role === 'control-plane' ? 'k3s' : 'k3s-agent';
  await api.watch.until(name, what, isThere, {
    ...run,
    deadlineMs: deadlines.nodeReady,
    hint: `Look at it with \`slipway cluster ssh ${cluster.name} ${name}\` and \`journalctl -u ${unit}\`.`,
  });
  const config = configuredNow(provider, spec, facts.disabledParts)[role];
  await api.kube.patchNode(name, { annotations: { [madeByKeys.config]: config } }, run);
}
