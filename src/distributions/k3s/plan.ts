import type { DesiredMachine } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { AccountLimit } from '../../phases/account-limit.js';
import type { K3sContext } from './context.js';
import { neverRan } from './bootstrap-server.js';
import { k3sRules } from './rules.js';
import { planApiAddress } from './api-address.js';
import { planControlPlane } from './control-plane.js';
import { planLostNodes } from '../../phases/lost-nodes.js';
import { planInfrastructure } from '../../phases/infrastructure.js';
import { planHosts } from './hosts.js';
import { planLabels } from '../../phases/labels.js';
import { planMachines } from '../../phases/machines.js';
import { planQuarantine } from './quarantine.js';
import { planRemoval } from '../../phases/removal.js';
import { planStandbys } from './standbys.js';
import { planWorkers } from './workers.js';
import type { DistributionPlan } from '../port.js';

/** Every step between what was found and what the file asks for. */
export function plan(
  input: Omit<K3sContext, 'rules'>,
  userData: (machine: DesiredMachine) => Promise<string>,
): DistributionPlan {
  const context = { ...input, rules: k3sRules };
  if (context.restore?.quarantine) return planQuarantine(context, userData);
  const infrastructure = planInfrastructure(context);
  const lostNodes = planLostNodes(context);
  const limit = new AccountLimit(context, lostNodes, neverRan(context.facts));
  const machines = planMachines(context, infrastructure, lostNodes, limit, userData);
  const hosts = planHosts(context, machines);
  const address = planApiAddress(context, infrastructure, machines, hosts);
  const controlPlane = planControlPlane(context, infrastructure, machines, hosts, lostNodes, address);
  const workers = planWorkers(context, hosts, controlPlane, lostNodes);
  const joined = new Map([...controlPlane.joined, ...[...workers].map(([label, step]) => [label, [step]] as const)]);
  // What is to go has nothing to hand over: the next apply sees to it, once the cluster is there.
  const { steps: removing, removals } = context.restore
    ? { steps: [], removals: new Map<string, Step>() }
    : planRemoval(context, controlPlane.api, joined, lostNodes, limit);
  const steps = [
    ...infrastructure.steps,
    ...lostNodes.steps,
    ...machines.steps,
    ...hosts.steps,
    ...controlPlane.steps,
    ...workers.values(),
    ...planLabels(context, hosts.prepared, controlPlane.api, joined),
    ...(context.restore ? [] : planStandbys(context, infrastructure, machines, userData)),
  ];
  return {
    steps,
    removals: [...removing, ...(address?.forgetting(new Map([...lostNodes.machines, ...removals])) ?? [])],
    api: controlPlane.api,
    tokenSources: controlPlane.tokenSources,
  };
}
