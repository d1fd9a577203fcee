import type { ClusterRef, Machine, DesiredMachine } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { AccountLimit } from '../../phases/account-limit.js';
import { neverRan } from '../../distributions/k3s/bootstrap-server.js';
import { k3sRules } from '../../distributions/k3s/rules.js';
import type { Tools } from '../../phases/context.js';
import { type ComponentPlanInput, planComponents } from '../../phases/components.js';
import { planApiAddress } from '../../distributions/k3s/api-address.js';
import { planControlPlane } from '../../distributions/k3s/control-plane.js';
import { planLostNodes } from '../../phases/lost-nodes.js';
import { planInfrastructure } from '../../phases/infrastructure.js';
import { planHosts } from '../../distributions/k3s/hosts.js';
import { planLabels } from '../../phases/labels.js';
import { planMachines } from '../../phases/machines.js';
import { planRemoval } from '../../phases/removal.js';
import { planWorkers } from '../../distributions/k3s/workers.js';
import type { Observation } from './observe.js';

export interface PlannedCluster {
  /** Every step between what was found and what the file asks for, in the order a person reads them. */
  readonly steps: readonly Step[];
  /** Running servers one of which must let us in. */
  readonly tokenSources: readonly Machine[];
}

export function planCluster(
  cluster: ClusterRef,
  spec: ClusterSpec,
  { facts, request }: Observation,
  tools: Tools,
  userData: (machine: DesiredMachine) => Promise<string>,
  components?: Omit<ComponentPlanInput, 'api'>,
): PlannedCluster {
  const context = { cluster, spec, request, facts, tools, rules: k3sRules };
  const infrastructure = planInfrastructure(context);
  const lostNodes = planLostNodes(context);
  const limit = new AccountLimit(context, lostNodes, neverRan(facts));
  const machines = planMachines(context, infrastructure, lostNodes, limit, userData);
  const hosts = planHosts(context, machines);
  const address = planApiAddress(context, infrastructure, machines, hosts);
  const controlPlane = planControlPlane(context, infrastructure, machines, hosts, lostNodes, address);
  const workers = planWorkers(context, hosts, controlPlane, lostNodes);
  const joined = new Map([...controlPlane.joined, ...[...workers].map(([label, step]) => [label, [step]] as const)]);
  const { steps: removing, removals } = planRemoval(context, controlPlane.api, joined, lostNodes, limit);
  const steps = [
    ...infrastructure.steps,
    ...lostNodes.steps,
    ...machines.steps,
    ...hosts.steps,
    ...controlPlane.steps,
    ...workers.values(),
    ...planLabels(context, hosts.prepared, controlPlane.api, joined),
    ...(components ? planComponents({ ...components, api: controlPlane.api }) : []),
    ...removing,
    ...(address?.forgetting(new Map([...lostNodes.machines, ...removals])) ?? []),
  ];
  return { steps, tokenSources: controlPlane.tokenSources };
}
