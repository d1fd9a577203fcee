import {
  ageText,
  type DesiredMachine,
  plural,
  quarantineSpec,
  type Uncovered,
  uncoveredOf,
} from '../../domain/index.js';
import { resourceName } from '../../domain/spec/fields.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { Proof, RestoreSource } from '../../phases/context.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { type FetchedBackup, refuseNewer, withBackup } from '../backup/fetch.js';
import { type Change, confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { costLines } from './asked-lines.js';
import { refuseUnknownNamesake } from './change-draft.js';
import { type Draft, draftCluster } from './draft.js';
import { monthlyPrice, type MonthlyPrice } from './price.js';
import { clusterKey } from './ssh-key.js';

export interface CopyInput {
  readonly cluster: string;
  /** What the copy is called: a name of its own. */
  readonly as: string;
  /** As the cluster’s file says now; undefined: as it was applied last. */
  readonly spec: ClusterSpec | undefined;
  /** Where the backups are, if not where the file says. */
  readonly at: string | undefined;
  /** Which backup; undefined: the newest, or the one of a copy that is not through. */
  readonly id: string | undefined;
  /** Whether the contents of Secrets stay in it. */
  readonly keepSecrets: boolean;
  readonly dryRun: boolean;
  /** Made to be deleted again: nobody is asked. */
  readonly drill: boolean;
}

export interface CopyResult {
  readonly cluster: string;
  readonly copy: string;
  readonly backup: string;
  readonly where: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** How old the data was when the copy was begun, in milliseconds. */
  readonly dataAgeMs: number;
  /** From the first step until it was counted, in milliseconds. */
  readonly tookMs: number;
  readonly steps: readonly StepInfo[];
  /** Undefined with `dryRun`. */
  readonly proof: Proof | undefined;
  /** What of the cluster the backup does not have, by its name, and why. */
  readonly uncovered: readonly Uncovered[];
  /** Its file; undefined where the workspace is no folder. */
  readonly kubeconfig: string | undefined;
  readonly simulated: readonly string[];
}

interface Work extends FetchedBackup {
  readonly input: CopyInput;
  readonly folder: ClusterFolder;
  /** Of a copy that is begun anew. */
  readonly fresh: ClusterRecord;
  readonly proven: (proof: Proof) => void;
}

/**
 * Makes a copy of a cluster from a backup beside it: a machine, network, firewall, SSH key and name of its own, and nothing in it
 * that runs or could reach what the cluster has. That it answers, and what it holds, is the proof that the backup can be restored.
 * @throws UsageError code NAME_INVALID; RefusedError codes as `restoreCluster`, OTHER_CLUSTER, UNKNOWN_NAMESAKE; IncompleteError code COPY_DIFFERS
 */
export async function copyCluster(
  context: WorkflowContext,
  input: CopyInput,
  retryCommand: string,
): Promise<CopyResult> {
  refuseName(input);
  const record = await context.workspace.cluster(input.cluster).record();
  const folder = context.workspace.cluster(input.as);
  const stored = await folder.record();
  const id = input.id ?? stored?.quarantine?.backup;
  return withBackup(context, { ...input, id, record }, (fetched) => {
    let proof: Proof | undefined;
    const fresh = freshRecord(context, input, fetched);
    const work = { ...fetched, input, folder, fresh, proven: (found: Proof) => (proof = found) };
    return copy(context, work, () => proof, retryCommand);
  });
}

/** @throws UsageError code NAME_INVALID */
function refuseName({ cluster, as }: CopyInput): void {
  const problem = resourceName.safeParse(as).error?.issues[0]?.message;
  if (as !== cluster && problem === undefined) return;
  throw new UsageError(`A copy of ${cluster} cannot be called ${as}: ${problem ?? 'the cluster itself is'}.`, {
    code: 'NAME_INVALID',
    hint: `Choose another name: slipway cluster restore ${cluster} --as ${cluster.slice(0, 27).replace(/-+$/, '')}-copy`,
  });
}

function freshRecord(
  { clock, random }: WorkflowContext,
  input: CopyInput,
  { spec, loaded: { manifest } }: FetchedBackup,
): ClusterRecord {
  const begunAt = new Date(clock.now()).toISOString();
  const quarantine = {
    of: manifest.cluster,
    backup: manifest.id,
    id: `${manifest.id}-${random.bytes(3).toString('hex')}`,
    begunAt,
    drill: input.drill,
  };
  const id = random.bytes(6).toString('hex');
  return { name: input.as, id, spec: quarantineSpec(spec, input.as), quarantine, createdAt: begunAt };
}

interface CopyDraft extends Draft {
  readonly record: ClusterRecord;
  readonly key: string | undefined;
  readonly monthly: MonthlyPrice | undefined;
}

async function copy(context: WorkflowContext, work: Work, proof: () => Proof | undefined, retryCommand: string) {
  const { input, folder, sets, loaded } = work;
  const { manifest } = loaded;
  const operation = input.drill ? 'backup drill' : 'cluster restore';
  const resultOf = async (drafted: CopyDraft, tookMs: number): Promise<CopyResult> => ({
    cluster: input.cluster,
    copy: input.as,
    backup: manifest.id,
    where: sets.where,
    takenAt: manifest.takenAt,
    dataAgeMs: Math.max(0, Date.parse(drafted.record.quarantine!.begunAt) - Date.parse(manifest.takenAt)),
    tookMs,
    steps: drafted.steps.map(stepInfo),
    proof: proof(),
    uncovered: uncoveredOf(manifest.claims, manifest.uncovered ?? []),
    kubeconfig: folder.kubeconfigPath,
    simulated: (await context.provider(drafted.record.spec.provider)).traits.simulated,
  });
  if (input.dryRun) return resultOf(await draftCopy(context, work, 'to show'), 0);
  const change: Change<CopyDraft> = {
    folder,
    operation,
    retryCommand,
    draft: (looking, stage) => draftCopy(looking, work, stage),
    confirmation: async (shown) => (input.drill ? undefined : confirmationOf(context, work, shown)),
  };
  return confirmed(context, change, async (drafted, _once, { admit }) => {
    await admit();
    const started = context.clock.monotonic();
    const { record, key, seen } = drafted;
    await folder.saveRecord({ ...record, sshPublicKey: key!, runningVersion: seen.facts.newcomerVersion });
    await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    const result = await resultOf(drafted, context.clock.monotonic() - started);
    await keepProof(context, result, input.drill);
    return result;
  });
}

/** The cluster whose backup it was knows that it can be restored, where this workspace knows the cluster. */
async function keepProof(context: WorkflowContext, result: CopyResult, drill: boolean): Promise<void> {
  const { cluster, backup, dataAgeMs, tookMs, proof } = result;
  const folder = context.workspace.cluster(cluster);
  if (!(await folder.summary())) return;
  const at = new Date(context.clock.now()).toISOString();
  const restore = { id: backup, at, dataAgeMs, tookMs, as: drill ? ('drill' as const) : ('copy' as const) };
  await folder.saveLastBackup({ ...(await folder.lastBackup()), restore: { ...restore, objects: proof?.objects } });
}

async function draftCopy(context: WorkflowContext, work: Work, stage: 'to show' | 'to run'): Promise<CopyDraft> {
  const { input, folder, fresh, loaded, report, proven } = work;
  const stored = await folder.record();
  refuseOtherCopy(input, stored, fresh);
  const record = stored ?? fresh;
  const { spec } = record;
  const provider = await context.provider(spec.provider);
  if (!stored) await refuseUnknownNamesake(provider, { spec, recordedFileExists: false }, context.signal);
  const key =
    stage === 'to run' ? await clusterKey(folder, provider, stored, context.signal) : await folder.storedIdentity();
  const userData = async (machine: DesiredMachine): Promise<string> =>
    context.cloudInit({
      hostname: machine.name,
      sshPublicKey: key!.publicKey,
      hostKey: await folder.firstHostKey(machine.name),
    });
  const { keepSecrets } = input;
  const restore: RestoreSource = {
    ...work.source,
    restore: record.quarantine!.id,
    // Until it is deleted a copy is nothing else than one.
    restored: () => Promise.resolve(),
    quarantine: {
      keepSecrets,
      namespaces: report.namespaces,
      proven: (proof) => Promise.resolve(proven(proof)),
    },
  };
  const base = { provider, folder, cluster: record, record, spec, key: key?.publicKey, userData };
  const drafted = await draftCluster(context, { ...base, purpose: 'change', restore });
  refuseNewer(folder.name, loaded.manifest.kubernetesVersion, drafted.seen.facts.newcomerVersion);
  const monthly = await monthlyPrice(provider, record, drafted.seen, context.signal);
  return { ...drafted, record, key: key?.publicKey, monthly };
}

/** @throws RefusedError code OTHER_CLUSTER: what has that name is not this copy */
function refuseOtherCopy(
  { as, cluster }: CopyInput,
  stored: ClusterRecord | undefined,
  { quarantine: desired }: ClusterRecord,
): void {
  if (!stored) return;
  const { quarantine } = stored;
  const isSame = quarantine?.of.id === desired!.of.id && quarantine.backup === desired!.backup;
  if (isSame && quarantine.drill === desired!.drill) return;
  const what = quarantine ? `a copy of ${quarantine.of.name} from ${quarantine.backup}` : 'no copy of a backup';
  throw new RefusedError(`A cluster called ${as} exists already: it is ${what}.`, {
    code: 'OTHER_CLUSTER',
    hint: `Choose another name for the copy of ${cluster} (--as), or delete that one first: slipway cluster delete ${as}`,
  });
}

function confirmationOf(
  { clock }: WorkflowContext,
  { input, loaded: { manifest } }: Work,
  { steps, seen, monthly }: CopyDraft,
): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  const creating = seen.facts.comparison.missing.length;
  const age = ageText(clock.now() - Date.parse(manifest.takenAt));
  return {
    question: `Make ${input.as}, a quarantined copy of ${input.cluster}, from ${manifest.id}, taken ${age} ago?`,
    details: [
      ...(creating > 0 ? [`create ${plural(creating, 'machine')}`] : []),
      `${input.cluster} and what it has at the provider, in DNS and in buckets stays untouched`,
      ...costLines(monthly),
    ],
    flags: '--yes',
  };
}
