import { partText, provenPartText } from '../../domain/backup-parts.js';
import { ageText } from '../../domain/backup.js';
import { uncoveredText } from '../../domain/coverage.js';
import { newStandby } from '../../domain/labels.js';
import { besideRollouts, broughtByRollouts } from '../../domain/outdated.js';
import { plural } from '../../domain/plural.js';
import { supportRemedy, supportText } from '../../domain/support.js';
import {
  duration,
  leftSection,
  outdatedLines,
  priceText,
  renderPlan,
  table,
  uncheckedText,
  unfitLines,
} from '../../ui/index.js';
import type { DeleteResult } from '../../workflows/cluster/delete.js';
import type { ClusterPlan, ReconcileResult } from '../../workflows/cluster/reconcile.js';
import type { ListedCluster } from '../../workflows/cluster/list.js';
import type { ClusterStatus, MachineStatus } from '../../workflows/cluster/status.js';
import type { SandboxStatus } from '../../runtime/sandbox.js';
import type { LastLook, OperationSummary } from '../../workspace/types.js';

/** Every step of a plan, the price, and what was not looked at. */
export function planText({ steps, outdated, unfit, monthly, unchecked }: ClusterPlan): string {
  return [
    renderPlan(steps, outdated, unfit),
    ...(steps.length > 0 && monthly ? [`\n${priceText(monthly)}`] : []),
    ...(unchecked.length > 0 ? [uncheckedText(unchecked)] : []),
  ].join('\n');
}

/** What to say after a cluster was created or changed. */
export function renderReady(result: ReconcileResult): string {
  const standbys = result.machines.filter(({ standby }) => standby !== undefined).length;
  const servers = result.machines.filter((machine) => machine.role === 'control-plane').length;
  const workers = result.machines.length - servers - standbys;
  const left = leftSection(result.outdated, result.unfit);
  return [
    result.changed === 0
      ? left === undefined
        ? `No changes. ${result.cluster} matches the file.`
        : `Nothing was changed in ${result.cluster}.`
      : `${result.cluster} is ready: ${servers > 0 ? `${plural(servers, 'control plane')}, ` : ''}${plural(workers, 'worker')}${standbys > 0 ? `, ${plural(standbys, 'standby', 'standbys')}` : ''}, ${result.kubernetesVersion}.`,
    kubectlLine(result.cluster, result.kubeconfig),
    `  slipway cluster status ${result.cluster}`,
    ...simulatedLines(result.simulated),
    ...(left === undefined ? [] : ['', left]),
  ].join('\n');
}

/** How to get at the cluster with kubectl. */
export const kubectlLine = (cluster: string, kubeconfig: string | undefined): string =>
  kubeconfig === undefined
    ? `  slipway cluster kubeconfig ${cluster} --merge`
    : `  kubectl --kubeconfig ${kubeconfig} get nodes`;

/** A line that says what is not real, or none. */
export function simulatedLines(simulated: readonly string[]): readonly string[] {
  if (simulated.length === 0) return [];
  const last = simulated.at(-1)!;
  const names = simulated.length === 1 ? last : `${simulated.slice(0, -1).join(', ')} and ${last}`;
  return [`Simulated, not real: ${names}.`];
}

/** What was removed, and the proof: what is left of each kind. */
export function deletedText({ cluster, removed, left, keptVolumes }: DeleteResult): string {
  const parts = [
    plural(removed.machines, 'machine'),
    ...(removed.loadBalancers > 0 ? [plural(removed.loadBalancers, 'load balancer')] : []),
    ...(removed.volumes > 0 ? [plural(removed.volumes, 'volume')] : []),
  ];
  const kept = keptVolumes.map(({ name }) => name).join(', ');
  return [
    `${cluster} is deleted: ${parts.join(', ')} removed.`,
    `  left: ${plural(left.machines, 'machine')}, ${plural(left.loadBalancers, 'load balancer')}, ${plural(left.infrastructure, 'other resource')}, ${plural(left.volumes, 'volume')}${kept === '' ? '' : ` (${kept})`}`,
  ].join('\n');
}

export function renderClusters(clusters: readonly ListedCluster[], columns?: number): string {
  if (clusters.length === 0) return 'There is no cluster yet. Make one: slipway cluster create demo';
  const overview = table(
    ['NAME', 'PROVIDER', 'KUBERNETES', 'MACHINES', 'CREATED', 'LAST LOOK', ''],
    clusters.map((cluster) => [
      cluster.name,
      cluster.provider,
      [cluster.kubernetesVersion, ...askedVersion(cluster)].join(' '),
      cluster.machines === undefined ? '' : String(cluster.machines),
      minuteOf(cluster.createdAt),
      cluster.lastLook ? minuteOf(cluster.lastLook.at) : '',
      stateOf(cluster),
    ]),
    { columns, leaveOut: ['CREATED', 'PROVIDER', 'MACHINES', 'LAST LOOK'] },
  );
  return [overview, ...clusters.flatMap(({ name, lastLook }) => (lastLook ? lookSection(name, lastLook) : []))].join(
    '\n',
  );
}

/** `2026-11-20 10:00`, in UTC. */
const minuteOf = (at: string): string => at.slice(0, 16).replace('T', ' ');

/** Why clusters cannot be read here, and what to do. */
export const damageTexts = (clusters: readonly ListedCluster[]): readonly string[] =>
  clusters.flatMap(({ damaged }) => (damaged ? [[damaged.message, damaged.hint].join(' ')] : []));

function stateOf({ running, inWorkspace, damaged, lastLook }: ListedCluster): string {
  if (damaged) return 'damaged';
  if (running) return `${running.operation} runs`;
  if (!inWorkspace) return 'not in this workspace';
  return lastLook && isDifferent(lastLook) ? 'differs from its file' : '';
}

const isDifferent = ({ steps, outdated, unfit }: LastLook): boolean => steps + outdated.length + unfit.length > 0;

/** What the last look found, and when that was: nothing of it is looked at for a list. */
function lookSection(name: string, look: LastLook): readonly string[] {
  if (!isDifferent(look)) return [];
  return [
    '',
    `${name} differed from its file at ${minuteOf(look.at)} UTC, says the last ${look.by}:`,
    ...(look.steps === 0 ? [] : [`  ${plural(look.steps, 'step')} to do: slipway cluster apply ${name}`]),
    ...[...outdatedLines(look.outdated), ...unfitLines(look.unfit)].map((line) => `  ${line}`),
  ];
}

/** `backup: 41 s old, at s3://…; last proven restore: 3 d ago, data 41 s old, took 96 s` */
function backupLines(backup: ClusterStatus['backup']): string[] {
  if (!backup?.last) return [];
  const { last, proven, parts } = backup;
  const restored = proven
    ? `${ageText(proven.ageMs)} ago, data ${ageText(proven.dataAgeMs)} old, took ${ageText(proven.tookMs)}`
    : 'never';
  return [
    `backup: ${ageText(last.ageMs)} old, at ${last.where}; last proven restore: ${restored}`,
    ...parts.map((part) => `  last proven ${partText(part)}: ${ageText(part.ageMs)} ago, ${provenPartText(part)}`),
    ...(last.uncovered ?? []).map((one) => `  not covered: ${uncoveredText(one)}`),
  ];
}

/** `Kubernetes 1.36: expected until 2027-06-28, 213 days left` */
const endLines = (end: ClusterStatus['expectedEnd']): readonly string[] =>
  end === undefined
    ? []
    : [
        `Kubernetes ${end.version}: expected until ${end.until}, ${end.daysLeft < 0 ? 'which is over' : `${plural(end.daysLeft, 'day')} left`}`,
      ];

/** @param columns of the screen; undefined: the table is shown in full */
export function renderStatus(status: ClusterStatus, columns?: number): string {
  const { etcd } = status;
  const api = status.api.reachable
    ? 'answers'
    : status.api.refused
      ? 'does not accept the credentials kept here'
      : 'does not answer';
  return [
    `${status.cluster}  ${status.provider}  ${[versionsOf(status).join(', '), ...askedVersion(status)].join(' ')}  Kubernetes API ${api}`,
    ...simulatedLines(status.simulated),
    ...(etcd
      ? [
          `etcd: ${etcd.voters} of ${etcd.members} members vote, ${etcd.needed} needed${etcd.spare > 0 ? `, ${etcd.spare} may fail` : etcd.spare === 0 ? ', none may fail' : ': quorum is lost'}`,
        ]
      : []),
    ...endLines(status.expectedEnd),
    ...backupLines(status.backup),
    ...(status.running
      ? [
          `running now: ${status.running.operation} since ${status.running.since} by ${status.running.user} (pid ${status.running.pid} on ${status.running.host})`,
        ]
      : []),
    '',
    table(
      ['MACHINE', 'POOL', 'HOST', 'TYPE', 'PLACE', 'STATUS', 'NODE', 'VERSION', 'ADDRESS', 'PRIVATE'],
      status.machines.map((machine) => machineRow(machine, status.api.refused)),
      { columns, leaveOut: ['PRIVATE', 'PLACE', 'TYPE', 'VERSION', 'ADDRESS', 'HOST', 'POOL'] },
    ),
    ...(status.orphanedNodes.length > 0 ? ['', `nodes without a machine: ${status.orphanedNodes.join(', ')}`] : []),
    ...(status.problems.length > 0 ? ['', 'Not healthy:', ...status.problems.map((line) => `  ${line}`)] : []),
    ...supportLines(status),
    ...status.remarks.map((remark) => `\n${remark}`),
    '',
    differences(status),
  ].join('\n');
}

/** That what runs is maintained no more, or not for long. */
const supportLines = ({ cluster, kubernetesVersion, support }: ClusterStatus): readonly string[] =>
  !support || support.state === 'maintained'
    ? []
    : [`\n${supportText(kubernetesVersion, support)}. ${supportRemedy(cluster)}`];

/** The release that the file asks for, where another one runs. */
const askedVersion = ({
  kubernetesVersion,
  desiredVersion,
}: Pick<ListedCluster, 'kubernetesVersion' | 'desiredVersion'>): readonly string[] =>
  desiredVersion === undefined || kubernetesVersion === 'unknown' || desiredVersion === kubernetesVersion
    ? []
    : [`(${desiredVersion} asked for)`];

/** Every release that a node runs, the servers' lowest first. */
const versionsOf = ({ kubernetesVersion, machines }: ClusterStatus): readonly string[] => [
  ...new Set([kubernetesVersion, ...machines.flatMap(({ node }) => node?.version || [])]),
];

function differences({ cluster, api, differs, outdated, unfit }: ClusterStatus): string {
  const left = [...outdatedLines(besideRollouts(outdated)), ...unfitLines(unfit)].map((line) => `  ${line}`);
  const changed = [
    ...differs.map((step) => `  ${step.target}: ${step.text}`),
    ...outdatedLines(broughtByRollouts(outdated)).map((line) => `  ${line}`),
  ];
  if (changed.length + left.length === 0)
    return api.refused ? 'What differs from the file is not known.' : 'No changes. The cluster matches the file.';
  return [
    ...(changed.length === 0 ? [] : [`Differs from the file (slipway cluster apply ${cluster}):`]),
    ...changed,
    ...(left.length === 0 ? [] : ['Differs from the file, and apply does not change it:', ...left]),
  ].join('\n');
}

/** Owners of hosts need not give types and places a name. */
const named = (word: string): string => (word === 'any' ? '' : word);

const standing = (standby: string): string => (standby === newStandby ? 'stands by, unprepared' : 'stands by');

function machineRow(
  { name, pool, host, type, location, status, standby, node, publicAddress, privateAddress }: MachineStatus,
  isShutOut: boolean,
): string[] {
  const missing = isShutOut ? 'unknown' : 'no node';
  const health =
    node === undefined
      ? standby === undefined
        ? missing
        : standing(standby)
      : node.ready
        ? node.schedulable
          ? 'Ready'
          : 'Ready, cordoned'
        : 'NotReady';
  const votes = node?.etcdVoter === true ? ', votes' : '';
  return [
    name,
    pool,
    host ?? '',
    named(type),
    named(location),
    status,
    `${health}${votes}`,
    node?.version ?? '',
    publicAddress ?? '',
    privateAddress ?? '',
  ];
}

export function renderHistory(operations: readonly OperationSummary[], columns?: number): string {
  if (operations.length === 0) return 'No operation is on record.';
  return table(
    ['STARTED', 'OPERATION', 'OUTCOME', 'STEPS', 'TOOK'],
    operations.map(({ startedAt, finishedAt, operation, outcome, steps }) => [
      startedAt.slice(0, 19).replace('T', ' '),
      operation,
      outcome,
      `${steps.done} of ${steps.total}${steps.failed > 0 ? `, ${steps.failed} failed` : ''}`,
      finishedAt === undefined ? '' : duration(Date.parse(finishedAt) - Date.parse(startedAt)),
    ]),
    { columns, leaveOut: ['TOOK'] },
  );
}

/** `20× faster than a real cloud`, from the factor on all its durations. */
function speedOf(timeScale = 1): string {
  if (timeScale === 0) return 'waiting for nothing';
  if (timeScale === 1) return 'at the speed of a real cloud';
  const factor = (ratio: number): number => Math.round(ratio * 10) / 10;
  return timeScale < 1
    ? `${factor(1 / timeScale)}× faster than a real cloud`
    : `${factor(timeScale)}× slower than a real cloud`;
}

export function renderSandbox(status: SandboxStatus): string {
  if (!status.running) return 'The sandbox does not run. The first command that needs it starts it.';
  const { pid, endpoint, machines, clusters, profile, memoryMiB } = status;
  return [
    `The sandbox runs (pid ${pid}, ${memoryMiB} MiB), ${speedOf(profile?.timeScale)}.`,
    `  Hetzner API  ${endpoint}`,
    `  machines     ${machines}`,
    `  clusters     ${clusters}`,
  ].join('\n');
}
