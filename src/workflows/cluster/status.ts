import {
  etcdHealth,
  type EtcdHealth,
  type Machine,
  type OutdatedMachine,
  type Support,
  supportOf,
  type UnfitMachine,
} from '../../domain/index.js';
import type { ReleaseEnd } from '../../distributions/port.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { Membership } from '../../phases/node-rules.js';
import type { MachineProvider } from '../../provider/port.js';
import type { StepInfo } from '../../reporting/index.js';
import type { ClusterFolder, ClusterRecord, LockHolder, OperationSummary } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import { recallRound, roundRemarks } from '../maintain/memory.js';
import { leaseElsewhere, leaseHolder } from '../operation.js';
import { type BackupStatus, backupRemarks, backupStatus } from './backup-status.js';
import { certificateStatus, type NodeCertificate, readCertificates } from './certificates.js';
import { knownCluster } from './known-cluster.js';
import { tokenRemarks } from './rotate/unfinished.js';
import { draftForStatus } from './draft.js';
import { keepLook } from './last-look.js';
import { observe, type Observation } from './observe.js';
import type { RecycledCluster } from './recycle/draft.js';
import { carefully, draftOutdatedReplaced, leftOutdated, type ReplacementDraft } from './replacements.js';
import { stepInfo } from '../run.js';
import { refuseOtherCluster } from './same-cluster.js';
import { shortages } from './shortages.js';
import { toolsFor } from './tools.js';
import { heldRemarks } from './upgrade/quarantine.js';
import { upgradeRemarks } from './upgrade/standing.js';

export interface MachineStatus extends Pick<
  Machine,
  'name' | 'pool' | 'role' | 'host' | 'type' | 'location' | 'status' | 'publicAddress' | 'privateAddress'
> {
  /** Of one that stands by: `new`, or the release that it is prepared for. */
  readonly standby: string | undefined;
  /** Undefined when there is no such node, or the API did not answer. */
  readonly node:
    | (Pick<NodeFacts, 'ready' | 'version' | 'schedulable' | 'notReadyBecause'> & {
        /** Undefined where the distribution does not say. */
        readonly etcdVoter: boolean | undefined;
      })
    | undefined;
}

export interface ClusterStatus {
  readonly cluster: string;
  readonly id: string;
  readonly provider: string;
  /** What the servers run, the lowest where they differ; while none tells, what they ran when last applied to. */
  readonly kubernetesVersion: string;
  /** What the file asks for. */
  readonly desiredVersion: string;
  /** Whether that is still maintained; undefined where it is not known. */
  readonly support: Support | undefined;
  /** Until when its provider is expected to have that release; undefined where nobody takes a release away. */
  readonly expectedEnd: ReleaseEnd | undefined;
  /** What only looks as if it ran there; empty on real machines. */
  readonly simulated: readonly string[];
  readonly api: {
    readonly reachable: boolean;
    /** It answers, and does not accept the credentials that are kept here: nothing is known of nodes and differences. */
    readonly refused: boolean;
  };
  /** Undefined when the API did not answer. */
  readonly etcd: EtcdHealth | undefined;
  readonly machines: readonly MachineStatus[];
  /** Nodes in Kubernetes without a machine. */
  readonly orphanedNodes: readonly string[];
  /** What keeps the cluster from being healthy, a line each; empty: nothing does. */
  readonly problems: readonly string[];
  /** What differs from the file, as the steps that would change it. */
  readonly differs: readonly StepInfo[];
  /** Machines that are not as the file asks for, which those steps would leave so. */
  readonly outdated: readonly OutdatedMachine[];
  /** Machines that cannot be started beside the servers as they are, which those steps would not do. */
  readonly unfit: readonly UnfitMachine[];
  /** What no plan repairs. */
  readonly remarks: readonly string[];
  /** Of each node the certificate that ends first, as it was read last; empty where none was read. */
  readonly certificates: readonly NodeCertificate[];
  /** As this workspace knows; undefined of clusters that are not backed up from here. */
  readonly backup: BackupStatus | undefined;
  /** From this workspace or, so far as the API answers, from another one. */
  readonly running: LockHolder | undefined;
  /** Its file; undefined where the workspace is no folder. */
  readonly kubeconfig: string | undefined;
}

/** The cluster's file as it is now; what was applied last counts where there is none that can be read. */
export interface CurrentFile {
  readonly spec?: ClusterSpec | undefined;
  /** Why it cannot be read. */
  readonly problem?: string | undefined;
}

/** Machines, nodes, versions, health, and what differs from the file. Changes nothing. */
export async function clusterStatus(
  context: WorkflowContext,
  name: string,
  file: CurrentFile = {},
): Promise<ClusterStatus> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const remarks = file.problem === undefined ? [] : [`The file of ${name} cannot be read: ${file.problem}`];
  const spec = await comparable(context, record, file.spec, remarks);
  const provider = await context.provider(spec.provider);
  const key = (await folder.storedIdentity())?.publicKey;
  if (record.quarantine) return quarantinedStatus(context, { provider, folder, record, key });
  const draft = await draftForStatus(context, { provider, folder, cluster: record, record, spec, key });
  const { seen, shutOut } = draft;
  const subject = { provider, folder, record, key };
  const replacing = shutOut === undefined ? await replacedFromAfar(context, spec, subject, seen, remarks) : undefined;
  const steps = [...draft.steps.map(stepInfo), ...(replacing?.steps ?? [])];
  const outdated = leftOutdated(seen.facts, replacing);
  if (shutOut === undefined)
    await keepLook(context, folder, 'cluster status', { outdated, unfit: seen.facts.unfit }, steps.length);
  const running = (await folder.holder()) ?? (await runningElsewhere(context, folder, seen));
  const status = compose(context, provider, folder, { record, spec }, seen, steps, running, shutOut);
  const backup = await backupStatus(context, folder, spec, seen.distribution);
  const { machines, kubeconfig } = seen.facts;
  const tools = toolsFor(context, provider, folder);
  const read = (): Promise<readonly NodeCertificate[]> => readCertificates(context, seen.distribution, tools, machines);
  const look = { cluster: name, createdAt: record.createdAt, kubeconfig, machines, read };
  const { certificates, remarks: ending } = await certificateStatus(context, folder, look);
  const all = [
    ...status.remarks,
    ...remarks,
    ...draft.remarks,
    ...heldRemarks(record.name, seen.facts),
    ...upgradeRemarks(record, spec.kubernetes.version, seen.facts, running !== undefined),
    ...backupRemarks(record.name, backup, record),
    ...ending,
    ...(await tokenRemarks(folder)),
    ...roundRemarks(record.name, await recallRound(folder)),
  ];
  return { ...status, outdated, certificates, backup, remarks: all };
}

/** Of a copy that is only to be looked at: it has no nodes, and nothing about it is to change. */
async function quarantinedStatus(
  context: WorkflowContext,
  { provider, folder, record, key }: RecycledCluster & { readonly record: ClusterRecord },
): Promise<ClusterStatus> {
  const { spec, quarantine } = record;
  const tools = toolsFor(context, provider, folder);
  const seen = await observe(context, tools, record, spec, key ?? context.newKeyPair().publicKey, 'from afar');
  const status = compose(context, provider, folder, { record, spec }, seen, [], await folder.holder());
  const { of, backup } = quarantine!;
  return {
    ...status,
    etcd: undefined,
    problems: status.api.reachable ? [] : ['the Kubernetes API does not answer'],
    outdated: [],
    unfit: [],
    certificates: [],
    backup: undefined,
    remarks: [
      `A quarantined copy of ${of.name} from ${backup}: nothing runs in it. To delete it: slipway cluster delete ${record.name}`,
    ],
  };
}

/** What apply would replace; what it would be refused for is a remark. */
async function replacedFromAfar(
  context: WorkflowContext,
  spec: ClusterSpec,
  cluster: RecycledCluster,
  seen: Observation,
  remarks: string[],
): Promise<ReplacementDraft | undefined> {
  try {
    return await draftOutdatedReplaced(context, { spec, ...carefully }, cluster, seen, 'status');
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    remarks.push(`${error.message} ${error.hint}`);
    return undefined;
  }
}

async function runningElsewhere(
  context: WorkflowContext,
  folder: ClusterFolder,
  { facts: { api } }: Observation,
): Promise<LockHolder | undefined> {
  const lease = api && (await leaseElsewhere(context, folder, api.kube));
  return lease && leaseHolder(lease);
}

/** What to compare with: the file as it is now, unless it is that of another cluster, which is a remark. */
async function comparable(
  context: WorkflowContext,
  record: ClusterRecord,
  now: ClusterSpec | undefined,
  remarks: string[],
): Promise<ClusterSpec> {
  if (!now) return record.spec;
  try {
    await refuseOtherCluster(context, record, now, record.file, true);
    return now;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const fields = error.details.map((line) => `${line}.`);
    remarks.push(['The file is that of another cluster, so what was applied last counts.', ...fields].join(' '));
    return record.spec;
  }
}

function compose(
  { clock }: WorkflowContext,
  provider: MachineProvider,
  folder: ClusterFolder,
  { record, spec }: { readonly record: ClusterRecord; readonly spec: ClusterSpec },
  { facts, distribution, expectedEnd }: Observation,
  differs: readonly StepInfo[],
  running: LockHolder | undefined,
  shutOut?: string,
): Omit<ClusterStatus, 'backup' | 'certificates'> {
  const nodes = facts.nodes ? [...facts.nodes.values()] : undefined;
  const servers = nodes?.filter((node) => node.controlPlane);
  const names = new Set(facts.machines.map((machine) => machine.name));
  const { membership, nodesAreMachines } = distribution;
  const etcd = etcdOf(facts.nodes, membership);
  const isTold = servers?.length || (nodes && !nodesAreMachines);
  const kubernetesVersion = isTold ? facts.newcomerVersion : (record.runningVersion ?? 'unknown');
  return {
    cluster: record.name,
    id: record.id,
    provider: provider.name,
    kubernetesVersion,
    desiredVersion: spec.kubernetes.version,
    support: supportOf(kubernetesVersion, undefined, clock.now()),
    expectedEnd,
    simulated: provider.traits.simulated,
    api: { reachable: facts.api !== undefined, refused: shutOut !== undefined },
    etcd,
    problems: healthProblems(facts.machines, facts.nodes, etcd, shutOut),
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
      standby: machine.standby,
      node: nodeStatus(facts.nodes?.get(machine.name), membership),
    })),
    orphanedNodes: nodesAreMachines ? (nodes ?? []).map(({ name }) => name).filter((name) => !names.has(name)) : [],
    differs,
    outdated: facts.outdated,
    unfit: facts.unfit,
    remarks: shortages({ nodes, machines: facts.machines }),
    running,
    kubeconfig: folder.kubeconfigPath,
  };
}

/** What is wrong with what was found. */
export function observedProblems({ facts, distribution: { membership } }: Observation, shutOut?: string): string[] {
  return healthProblems(facts.machines, facts.nodes, etcdOf(facts.nodes, membership), shutOut);
}

function etcdOf(
  nodes: ReadonlyMap<string, NodeFacts> | undefined,
  membership: Membership | undefined,
): EtcdHealth | undefined {
  if (!membership || !nodes) return undefined;
  const servers = [...nodes.values()].filter((node) => node.controlPlane);
  const voters = servers.filter((node) => node.ready && membership.isVoter(node) === true);
  return etcdHealth(servers.length, voters.length);
}

/** What is wrong with what is there. A machine that is not there yet differs from the file, and is no illness. */
export function healthProblems(
  machines: readonly Pick<Machine, 'name' | 'status' | 'standby'>[],
  nodes: ReadonlyMap<string, Pick<NodeFacts, 'ready' | 'notReadyBecause'>> | undefined,
  etcd: EtcdHealth | undefined,
  shutOut?: string,
): string[] {
  const ill = machines.filter(({ status }) => status !== 'running').map(({ name, status }) => `${name} is ${status}`);
  if (!nodes)
    return [
      `the Kubernetes API does not ${shutOut === undefined ? 'answer' : 'accept the credentials kept here'}`,
      ...ill,
    ];
  const voting = etcd && etcd.voters < etcd.members ? [`${etcd.voters} of ${etcd.members} etcd members vote`] : [];
  const noNode = machines
    .filter(({ name, standby }) => standby === undefined && !nodes.has(name))
    .map(({ name }) => `${name} is no node of the cluster`);
  const notReady = [...nodes]
    .filter(([, { ready }]) => !ready)
    .map(([name, { notReadyBecause }]) => `${name} is not Ready: ${notReadyBecause ?? 'unknown'}`);
  return [...voting, ...ill, ...noNode, ...notReady];
}

function nodeStatus(node: NodeFacts | undefined, membership: Membership | undefined): MachineStatus['node'] {
  return (
    node && {
      ready: node.ready,
      version: node.version,
      schedulable: node.schedulable,
      etcdVoter: membership?.isVoter(node),
      notReadyBecause: node.notReadyBecause,
    }
  );
}

/** The operations the journal knows, newest first. */
export async function clusterHistory(context: WorkflowContext, name: string): Promise<readonly OperationSummary[]> {
  const { folder } = await knownCluster(context.workspace, name);
  return folder.history();
}
