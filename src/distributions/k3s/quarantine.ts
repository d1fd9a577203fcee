import { type DesiredMachine, slotLabel } from '../../domain/index.js';
import { from, type Step } from '../../engine/index.js';
import { AccountLimit } from '../../phases/account-limit.js';
import { deadlines } from '../../phases/deadlines.js';
import { planInfrastructure } from '../../phases/infrastructure.js';
import { planLostNodes } from '../../phases/lost-nodes.js';
import { planMachines } from '../../phases/machines.js';
import { planQuarantineSteps } from '../../phases/quarantine/steps.js';
import { openSession } from '../../phases/session.js';
import type { DistributionPlan } from '../port.js';
import { kubeconfigOf } from './cluster-kubeconfig.js';
import type { K3sContext } from './context.js';
import { apiStep } from './control-plane.js';
import { parseServerInfo, serverInfo, type ServerInfo } from './host/index.js';
import { planHosts } from './hosts.js';
import { restoreQuarantined } from './restore-server.js';
import { controlPlanePhase as phase } from './server-start.js';
import { serverNames, serverTask } from './server-task.js';

/**
 * Steps that make a copy of a cluster beside it: one server without an agent, started from the snapshot with nothing but etcd
 * and the API. It has no node, so that nothing waits for one.
 */
export function planQuarantine(
  context: K3sContext,
  userData: (machine: DesiredMachine) => Promise<string>,
): DistributionPlan {
  const { facts, tools } = context;
  const source = context.restore!;
  const infrastructure = planInfrastructure(context);
  const lostNodes = planLostNodes(context);
  const limit = new AccountLimit(context, lostNodes, true);
  const machines = planMachines(context, infrastructure, lostNodes, limit, userData);
  const hosts = planHosts(context, machines);
  const server = facts.comparison.desired.find(({ role }) => role === 'control-plane')!;
  const prepared = hosts.prepared.get(slotLabel(server))!;
  const start: Step = {
    id: `init:${server.name}`,
    phase,
    target: slotLabel(server),
    text: `start a copy from the backup ${source.backup}: etcd and the API, without scheduler, controllers and agent`,
    needs: [prepared],
    apply: async (run) => {
      const host = run.output(prepared);
      const session = await openSession(tools, host.machine, deadlines.ssh, run);
      const tlsSans = serverNames(context, machines, infrastructure, run);
      const task = serverTask(context, host, server, { tlsSans, joinAddress: undefined, tokens: source.tokens });
      await restoreQuarantined(session, { source, start: task }, run);
      await source.restored();
    },
  };
  const kubeconfigOfAll = kubeconfigOf(context, machines, [server], server, undefined);
  const reading: Step<ServerInfo> = {
    id: 'tokens',
    phase,
    target: slotLabel(server),
    text: 'read the kubeconfig',
    needs: [start, prepared],
    apply: async (run) => {
      const session = await openSession(tools, run.output(prepared).machine, deadlines.ssh, run);
      const info = parseServerInfo(await session.run(serverInfo(), run));
      await tools.folder.saveKubeconfig(await kubeconfigOfAll(info.kubeconfig, run));
      return info;
    },
  };
  const opening = apiStep(context, reading);
  const api = from(opening);
  const steps = [
    ...infrastructure.steps,
    ...machines.steps,
    ...hosts.steps,
    start,
    reading,
    opening,
    ...planQuarantineSteps(context, api),
  ];
  return { steps, removals: [], api, tokenSources: [] };
}
