import { drillProblems, type DrillSample, type Machine, plural, slotLabel } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { KubeObject, KubeOptions, NodeFacts } from '../../kube/types.js';
import type { ClusterApi } from '../../phases/context.js';
import { reach } from '../../phases/reach.js';
import type { MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { type HealOptions } from '../cluster/heal/draft.js';
import { watchCluster } from '../cluster/heal/watch.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { type Change, confirmed } from '../confirmed.js';
import { note, progress, type WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { attachmentsOf, type DrillSubject, lookAtNode, measureDrill, nodeOf, readyByOwner } from './measure.js';
import { type DrillReport, incompleteDrill, reportDrill } from './report.js';

export interface DrillInput {
  readonly cluster: string;
  /** A machine by its name or place; undefined: the worker with the most pods that may be lost. */
  readonly node: string | undefined;
  readonly url: URL | undefined;
  /** How it is healed from here meanwhile; undefined: somebody else does. */
  readonly heal: HealOptions | undefined;
  readonly deadlineMs: number;
  /** Nothing is deleted: somebody is told when to switch the machine off. */
  readonly byHand: boolean;
}

interface DrillDraft {
  readonly provider: MachineProvider;
  readonly machine: Machine;
  readonly api: ClusterApi;
  readonly subject: DrillSubject;
  readonly lost: readonly string[];
  readonly steps: readonly Step[];
}

/**
 * Deletes a machine without telling the cluster, or has somebody switch it off, and measures how long what it did is missing.
 * @throws RefusedError code DRILL_REFUSED: data or the quorum would be lost, or the cluster is not well; UsageError code
 * UNKNOWN_MACHINE; IncompleteError code DRILL_INCOMPLETE: not all came back in time, which the kept report tells
 */
export async function drillNodeLoss(
  context: WorkflowContext,
  input: DrillInput,
  retryCommand: string,
  keep: (report: DrillReport) => Promise<void>,
): Promise<DrillReport> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  const operation = 'drill node-loss';
  let since = 0;
  const change: Change<DrillDraft> = {
    folder,
    operation,
    retryCommand,
    draft: async (looking) => draftDrill(looking, { folder, record }, input, (at) => (since = at)),
    confirmation: (draft) => Promise.resolve(confirmationOf(input, draft)),
    api: ({ api }) => api,
  };
  const draft = await confirmed(context, change, async (drafted, once, { admit }) => {
    await execute(once, folder, operation, drafted.steps, retryCommand, admit);
    return drafted;
  });
  const samples = await measured(context, input, draft, since, retryCommand);
  const { machine, provider, subject } = draft;
  const { name: node, pool } = machine;
  const report = await reportDrill(
    context,
    folder,
    { kind: 'node-loss', node, pool, url: input.url?.href },
    { before: subject.before, samples, provider: provider.name, simulated: provider.traits.simulated },
  );
  await keep(report);
  if (report.complete) return report;
  const hint = input.heal
    ? `See what is missing: slipway cluster status ${record.name}`
    : `Heal it now: slipway cluster heal ${record.name}`;
  throw incompleteDrill(report, input.deadlineMs, hint);
}

/** Healing goes on beside, as `cluster heal --watch` does it, and is not cut short once all is measured. */
async function measured(
  context: WorkflowContext,
  { cluster, url, heal, deadlineMs }: DrillInput,
  { subject }: DrillDraft,
  since: number,
  retryCommand: string,
): Promise<readonly DrillSample[]> {
  const over = new AbortController();
  const healing = heal && watchCluster(context, { cluster, ...heal }, retryCommand, over.signal);
  // What it ends with is looked at last.
  healing?.catch(() => undefined);
  try {
    const watched = { ...subject, url, look: (options: KubeOptions) => lookAtNode(subject, options) };
    return await measureDrill(context, watched, { since, deadlineMs, signal: context.signal });
  } finally {
    over.abort();
    await healing;
  }
}

async function draftDrill(
  context: WorkflowContext,
  { folder, record }: { readonly folder: ClusterFolder; readonly record: ClusterRecord },
  { node, byHand }: DrillInput,
  began: (at: number) => void,
): Promise<DrillDraft> {
  const provider = await context.provider(record.spec.provider);
  progress(context, `looking at ${provider.title} and the cluster`);
  const [machines, kubeconfig, distribution] = await Promise.all([
    provider.machines.list(record, context),
    folder.kubeconfig(),
    context.distribution(record.spec.kubernetes.distribution),
  ]);
  const reached = kubeconfig && (await reach(context, kubeconfig));
  if (!reached) throw refused(record.name, ['its API does not answer']);
  const { api, nodes } = reached;
  const members = machines.filter(({ standby, name }) => standby === undefined && nodes.has(name));
  const problemsOf = async (machine: Machine): Promise<readonly string[]> =>
    drillProblems({
      target: { name: machine.name, role: machine.role, ready: nodes.get(machine.name)!.ready },
      nodes: [...nodes.values()].map(({ name, controlPlane, ready }) => ({
        name,
        role: controlPlane ? 'control-plane' : 'worker',
        ready,
      })),
      members: distribution.membership?.voters(nodes.values()),
      pods: await api.kube.drainView([machine.name], context),
      canBeLost: byHand || provider.traits.ownsMachines,
    });
  const pods = await api.kube.list('v1', 'Pod', {}, context);
  const machine = node === undefined ? await chosen(members, pods, problemsOf) : named(record.name, members, node);
  const problems = machine ? await problemsOf(machine) : ['it has no worker whose loss would cost nothing'];
  if (!machine || problems.length > 0) throw refused(machine?.name ?? record.name, problems);
  const subject = await subjectOf(context, api, machine, nodes, pods);
  return {
    provider,
    machine,
    api,
    subject,
    lost: byHand
      ? [`switched off by you: ${hostOf(machine)}`]
      : [`deleted: ${provider.machines.describeDeletion(machine)}`],
    steps: [
      {
        id: `drill:${machine.name}`,
        phase: 'Drill',
        target: slotLabel(machine),
        ...(byHand
          ? { text: `say when to switch off ${hostOf(machine)}` }
          : { text: `delete ${machine.name} at ${provider.title} without telling the cluster`, destroys: true }),
        needs: [],
        apply: async (run) => {
          began(context.clock.monotonic());
          if (byHand) note(context, `Switch off ${hostOf(machine)} now. It is timed from here.`, 'warning');
          else await provider.machines.delete(machine, run);
        },
      },
    ],
  };
}

const hostOf = ({ host, name }: Machine): string => (host === undefined ? name : `the host ${host}`);

/** The worker with the most pods of those that may be lost. */
async function chosen(
  machines: readonly Machine[],
  pods: readonly KubeObject[],
  problemsOf: (machine: Machine) => Promise<readonly string[]>,
): Promise<Machine | undefined> {
  const count = ({ name }: Machine): number => pods.filter((pod) => nodeOf(pod) === name).length;
  const workers = machines.filter(({ role }) => role === 'worker').sort((a, b) => count(b) - count(a));
  for (const worker of workers) if ((await problemsOf(worker)).length === 0) return worker;
  return workers[0];
}

function named(cluster: string, machines: readonly Machine[], node: string): Machine {
  const machine = machines.find((one) => one.name === node || slotLabel(one) === node);
  if (machine) return machine;
  throw new UsageError(`${cluster} has no node called ${node}.`, {
    code: 'UNKNOWN_MACHINE',
    hint: `Name one by its name or its place: ${machines.map(slotLabel).join(', ')}.`,
  });
}

async function subjectOf(
  context: WorkflowContext,
  { kube }: ClusterApi,
  machine: Machine,
  nodes: ReadonlyMap<string, NodeFacts>,
  pods: readonly KubeObject[],
): Promise<DrillSubject> {
  const node = nodes.get(machine.name)!;
  const isLike = (one: NodeFacts): boolean =>
    one.controlPlane === node.controlPlane && one.labels['slipway.dev/pool'] === node.labels['slipway.dev/pool'];
  const here = readyByOwner(pods.filter((pod) => nodeOf(pod) === machine.name));
  const everywhere = readyByOwner(pods);
  const attached = attachmentsOf(await kube.list('storage.k8s.io/v1', 'VolumeAttachment', {}, context), machine.name);
  return {
    kube,
    node,
    isLike,
    owners: new Map([...here.keys()].map((owner) => [owner, everywhere.get(owner)!])),
    before: {
      attached: attached.length,
      pods: [...here.values()].reduce((sum, count) => sum + count, 0),
      readyNodes: [...nodes.values()].filter((one) => one.ready && isLike(one)).length,
    },
  };
}

const confirmationOf = ({ cluster, heal, byHand }: DrillInput, { lost, machine, subject }: DrillDraft) => ({
  question: `${byHand ? 'Lose' : 'Delete'} ${machine.name} of ${cluster} on purpose, and time how it comes back?`,
  details: [
    ...lost,
    `until they run elsewhere: ${plural(subject.before.pods, 'pod')} and ${plural(subject.before.attached, 'volume')}`,
    heal
      ? 'healed from here meanwhile'
      : 'not healed from here: a `slipway cluster heal --watch` has to run elsewhere, or pass --heal',
  ],
  flags: '--yes',
});

const refused = (name: string, problems: readonly string[]): RefusedError =>
  new RefusedError(`${name} is not lost on purpose: ${problems[0]}.`, {
    code: 'DRILL_REFUSED',
    details: problems.slice(1),
    hint: 'Name another node with --node, or see how the cluster is: slipway cluster status',
  });
