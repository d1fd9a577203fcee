import { etcdHealth, type EtcdHealth, type Machine } from '../domain/index.js';
import { SlipwayError } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { MachineProvider } from '../provider/port.js';
import type { StepInfo } from '../reporting/index.js';
import type { ClusterFolder, ClusterRecord, LockHolder, OperationSummary } from '../workspace/types.js';
import { keyProblem } from './cluster-key.js';
import { componentsToPlan } from './components.js';
import type { WorkflowContext } from './context.js';
import { knownCluster } from './known-cluster.js';
import { observe, type Observation } from './observe.js';
import { planCluster } from './plan.js';
import { stepInfo } from './reconcile.js';
import { toolsFor } from './tools.js';

export interface MachineStatus extends Pick<
  Machine,
  'name' | 'pool' | 'role' | 'host' | 'type' | 'location' | 'status' | 'publicAddress' | 'privateAddress'
> {
  /** Undefined when there is no such node, or the API did not answer. */
  readonly node: Pick<NodeFacts, 'ready' | 'version' | 'schedulable' | 'etcdVoter' | 'notReadyBecause'> | undefined;
}

export interface ClusterStatus {
  readonly cluster: string;
  readonly id: string;
  readonly provider: string;
  readonly kubernetesVersion: string;
  readonly api: { readonly reachable: boolean };
  /** Undefined when the API did not answer. */
  readonly etcd: EtcdHealth | undefined;
  readonly machines: readonly MachineStatus[];
  /** Nodes in Kubernetes without a machine. */
  readonly strayNodes: readonly string[];
  /** What differs from the file, as the steps that would mend it. */
  readonly differs: readonly StepInfo[];
  /** Things a plan does not mend. */
  readonly remarks: readonly string[];
  readonly running: LockHolder | undefined;
  readonly kubeconfig: string;
}

/** Machines, nodes, versions, health, and what differs from the file. Changes nothing. */
export async function clusterStatus(context: WorkflowContext, name: string): Promise<ClusterStatus> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const provider = await context.provider(record.spec.provider);
  const tools = toolsFor(context, provider, folder);
  const key = await folder.storedIdentity();
  const publicKey = key?.publicKey ?? context.newKeyPair().publicKey;
  const seen = await observe(context, tools, record, record.spec, publicKey, 'from afar');
  const remarks: string[] = [];
  const lost = keyProblem(folder, record, key?.publicKey, seen.facts);
  if (lost) remarks.push(`${lost.message} ${lost.hint}`);
  const components = await componentsToPlan(context, provider, record, record.spec, seen.facts.api, 'look').catch(
    (error: unknown) => {
      if (!(error instanceof SlipwayError)) throw error;
      remarks.push(`Nothing is known of the components: ${error.message}`);
      return undefined;
    },
  );
  const nothing = (): Promise<string> => Promise.reject(new Error('status creates nothing'));
  const steps = planCluster(record, record.spec, seen, tools, nothing, components);
  const status = compose(provider, folder, record, seen, steps.map(stepInfo), await folder.holder());
  return { ...status, remarks: [...status.remarks, ...remarks] };
}

function compose(
  provider: MachineProvider,
  folder: ClusterFolder,
  record: ClusterRecord,
  { facts }: Observation,
  differs: readonly StepInfo[],
  running: LockHolder | undefined,
): ClusterStatus {
  const nodes = facts.nodes ? [...facts.nodes.values()] : undefined;
  const servers = nodes?.filter((node) => node.controlPlane);
  const names = new Set(facts.machines.map((machine) => machine.name));
  const wanted = record.spec.kubernetes.version;
  return {
    cluster: record.name,
    id: record.id,
    provider: provider.name,
    kubernetesVersion: wanted,
    api: { reachable: facts.api !== undefined },
    etcd: servers && etcdHealth(servers.length, servers.filter((node) => node.ready && node.etcdVoter === true).length),
    machines: facts.machines.map((machine) => ({
      name: machine.name,
      pool: machine.pool,
      role: machine.role,
      host: machine.host,
      type: machine.type,
      location: machine.location,
      status: machine.status,
      publicAddress: machine.publicAddress,
      privateAddress: machine.privateAddress,
      node: nodeStatus(facts.nodes?.get(machine.name)),
    })),
    strayNodes: nodes?.filter((node) => !names.has(node.name)).map((node) => node.name) ?? [],
    differs,
    remarks: (nodes ?? [])
      .filter((node) => node.version !== wanted)
      .map(
        (node) =>
          `${node.name} runs ${node.version}, the file asks for ${wanted}; apply does not change the version of a running node.`,
      ),
    running,
    kubeconfig: folder.kubeconfigPath,
  };
}

function nodeStatus(node: NodeFacts | undefined): MachineStatus['node'] {
  return (
    node && {
      ready: node.ready,
      version: node.version,
      schedulable: node.schedulable,
      etcdVoter: node.etcdVoter,
      notReadyBecause: node.notReadyBecause,
    }
  );
}

export interface ListedCluster {
  readonly name: string;
  readonly provider: string;
  readonly kubernetesVersion: string;
  readonly machines: number;
  readonly createdAt: string;
  readonly running: LockHolder | undefined;
  /** False for one that only its labels at the provider tell of. */
  readonly inWorkspace: boolean;
}

/** Clusters of the workspace and, when a provider is named, those that carry our labels there. */
export async function listClusters(context: WorkflowContext, providerName?: string): Promise<readonly ListedCluster[]> {
  const { workspace } = context;
  const known: ListedCluster[] = [];
  for (const name of await workspace.clusterNames()) {
    const folder = workspace.cluster(name);
    const record = await folder.record();
    if (!record) continue;
    const { spec } = record;
    known.push({
      name,
      provider: spec.provider.name,
      kubernetesVersion: spec.kubernetes.version,
      machines: spec.controlPlane.count + spec.pools.reduce((sum, pool) => sum + pool.count, 0),
      createdAt: record.createdAt,
      running: await folder.holder(),
      inWorkspace: true,
    });
  }
  if (providerName === undefined) return known;
  const provider = await context.provider({ name: providerName });
  const found = await provider.clusters({ signal: context.signal });
  const strangers = found
    .filter((cluster) => !known.some(({ name }) => name === cluster.name))
    .map((cluster) => ({
      name: cluster.name,
      provider: providerName,
      kubernetesVersion: 'unknown',
      machines: cluster.machines,
      createdAt: 'unknown',
      running: undefined,
      inWorkspace: false,
    }));
  return [...known, ...strangers];
}

/** The operations the journal knows, newest first. */
export async function clusterHistory(context: WorkflowContext, name: string): Promise<readonly OperationSummary[]> {
  const { folder } = await knownCluster(context.workspace, name);
  return folder.history();
}
