import { join } from 'node:path';

import type { Backups, FetchedSnapshot } from '../../distributions/backups.js';
import {
  abandonedSets,
  ageText,
  backupDefaults,
  backupId,
  backupsToPrune,
  backupTime,
  type ClaimVolume,
  isBackupDue,
  isFromTheFuture,
  type Machine,
  nextBackupTime,
  type Uncovered,
  uncoveredClaim,
  uncoveredOf,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { from, known, type Later, needsOf, type Step, valueOf } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { Kube } from '../../kube/types.js';
import type { Tools } from '../../phases/context.js';
import type { BackupManifest } from '../../workspace/backups/types.js';
import type { BackupSets } from '../../workspace/backups/types.js';
import { withTemporaryFolder } from '../../workspace/temporary.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { refuseLacking } from '../cluster/lacking.js';
import { refuseQuarantined } from '../cluster/quarantined.js';
import { observe } from '../cluster/observe.js';
import { toolsFor } from '../cluster/tools.js';
import { note, type WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { checkSnapshot } from './check.js';
import { readClaims } from './claims.js';
import { backupsOf, openSetsToFill } from './sets.js';
import {
  accessTo,
  chosenClaims,
  type CopiedVolume,
  copyVolumeStep,
  readClaimUsers,
  type VolumesAccess,
  volumesAccess,
} from './volumes.js';
import { type CopiedStreams, copyStreamsStep, noStreams } from './streams.js';
import { unjournaled } from './unjournaled.js';

export interface BackupInput {
  readonly cluster: string;
  /** As its file says now. */
  readonly spec: ClusterSpec;
  /** Only where the last backup is older than the file allows. */
  readonly due: boolean;
  /** What comes of copies that the file asks for and that could not be made; the rest is kept all the same. */
  readonly missing: 'is an error' | 'is told';
  /** Why volumes and streams are left, whatever the file says; undefined: they are copied as it says. */
  readonly withoutParts?: string | undefined;
}

export interface BackupResult {
  readonly cluster: string;
  readonly id: string;
  readonly where: string;
  /** False: the last one is young enough. */
  readonly created: boolean;
  /** Undefined where none was created. */
  readonly manifest: BackupManifest | undefined;
  /** Ids of backups that need not be kept any more, and were removed. */
  readonly pruned: readonly string[];
  /** Copies that the file asks for and that could not be made, each with its reason. */
  readonly missing: readonly string[];
}

/**
 * Takes a snapshot of the cluster’s data on a server, checks it here, and keeps it, sealed, with all that a restore needs.
 * Nothing in the cluster changes, so that it waits for nobody.
 * @throws RefusedError codes NODES_DOWN, OUTSIDE_RESIDENCY; IncompleteError codes BACKUP_BAD, BACKUP_PARTIAL, FETCH_FAILED,
 * TASK_FAILED
 */
export async function createBackup(
  context: WorkflowContext,
  input: BackupInput,
  retryCommand: string,
): Promise<BackupResult> {
  const { clock, random } = context;
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  refuseQuarantined(record);
  await refuseLacking(context, record, 'backup create');
  const spec = input.withoutParts === undefined ? input.spec : withoutParts(input.spec);
  const backups = await backupsOf(context, spec);
  const sets = await openSetsToFill(context, spec);
  const access =
    spec.backup?.volumes && (await volumesAccess(context, folder, { ...record, spec }, spec.backup.volumes.to));
  const last = (await sets.list(record.name)).ids[0];
  const now = clock.now();
  if (last !== undefined && input.due && !isBackupDue(last, now, everyMs(spec)))
    return {
      cluster: record.name,
      id: last,
      where: sets.where,
      created: false,
      manifest: undefined,
      pruned: [],
      missing: [],
    };
  const provider = await context.provider(spec.provider);
  const tools = toolsFor(context, provider, folder);
  const key = (await folder.storedIdentity())?.publicKey ?? context.newKeyPair().publicKey;
  const { facts } = await observe(context, tools, record, spec, key, 'from afar');
  const server = backups.source(record.name, facts);
  if (last !== undefined && isFromTheFuture(last, now)) note(context, wrongClock(last, now), 'warning');
  const id = backupId(nextBackupTime(last, clock.now()), random);
  return withTemporaryFolder(async (temporary) => {
    const file = join(temporary, 'snapshot.gz');
    const fetched = fetchStep({ backups, tools, server, id, file });
    // Before the snapshot: a claim that comes after this look is in the snapshot by its name.
    const claims = facts.api ? await readClaims(facts.api.kube, context) : [];
    const volumes =
      access && facts.api ? await volumeSteps(context, { kube: facts.api.kube, sets, id, access, spec, claims }) : [];
    const uncovered = claims.map(uncoveredClaim);
    const streams = facts.api && copyStreamsStep(facts.api.kube, spec, temporary, phase, input.withoutParts);
    const takenAt = new Date(now).toISOString();
    const work: Work = { context, folder, record, sets, id, takenAt, server, file, backups, uncovered };
    const done: Done = { pruned: [], missing: [] };
    const kept = keepStep(work, from(fetched), streams ? from(streams) : known(noStreams), volumes, done);
    const prune = pruneStep(work, spec, kept, done);
    const steps = [fetched, ...(streams ? [streams] : []), ...volumes, kept, prune];
    await execute(context, unjournaled(folder), 'backup create', steps, retryCommand);
    const result = {
      cluster: record.name,
      id,
      where: sets.where,
      created: true,
      manifest: done.manifest,
      pruned: done.pruned,
      missing: done.missing,
    };
    if (input.missing === 'is an error') refuseMissing(result);
    return result;
  });
}

const withoutParts = (spec: ClusterSpec): ClusterSpec =>
  spec.backup ? { ...spec, backup: { ...spec.backup, volumes: undefined, streams: [] } } : spec;

const wrongClock = (last: string, now: number): string =>
  `The backup ${last} says that it was made ${ageText(backupTime(last)! - now)} from now: the clock of whoever made it, or that of this computer, is wrong. Set it right. This one counts as the newer one.`;

interface Done {
  manifest?: BackupManifest;
  pruned: readonly string[];
  missing: readonly string[];
}

/** @throws IncompleteError code BACKUP_PARTIAL */
function refuseMissing({
  cluster,
  id,
  where,
  missing,
}: Pick<BackupResult, 'cluster' | 'id' | 'where' | 'missing'>): void {
  if (missing.length === 0) return;
  throw new IncompleteError(
    `${id} of ${cluster} is kept at ${where}, without all of what backup: in the file asks for.`,
    {
      code: 'BACKUP_PARTIAL',
      details: [...missing],
      hint: `See what else it does not cover: slipway backup verify ${cluster}. Then make another one.`,
    },
  );
}

const units = { m: 60_000, h: 3_600_000 } as const;

/** How old the last backup of a cluster may be, in milliseconds. */
export function everyMs({ backup }: Pick<ClusterSpec, 'backup'>): number {
  const [, number, unit] = /^(\d+)([mh])$/.exec(backup?.every ?? '') ?? [];
  return number === undefined ? backupDefaults.everyMs : Number(number) * units[unit as keyof typeof units];
}

interface Work {
  readonly context: WorkflowContext;
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly sets: BackupSets;
  readonly id: string;
  /** ISO 8601: before the snapshot, so that nothing is said to be in it that came later. */
  readonly takenAt: string;
  readonly server: Machine;
  readonly file: string;
  readonly backups: Backups;
  readonly uncovered: readonly Uncovered[];
}

const phase = 'Back up';

const fetchStep = ({
  backups,
  tools,
  server,
  id,
  file,
}: Pick<Work, 'backups' | 'server' | 'id' | 'file'> & { readonly tools: Tools }): Step<FetchedSnapshot> => ({
  id: `snapshot:${server.name}`,
  phase,
  target: server.name,
  text: 'take a snapshot of etcd and copy it here',
  needs: [],
  readOnly: true,
  apply: (run) => backups.fetch(tools, server, `slipway-${id}`, file, run),
});

const keepStep = (
  { context, folder, record, sets, id, takenAt, server, file, backups, uncovered }: Work,
  source: Later<FetchedSnapshot>,
  streams: Later<CopiedStreams>,
  volumes: readonly Step<CopiedVolume>[],
  done: Done,
): Step<BackupManifest> => ({
  id: `keep:${id}`,
  phase,
  target: record.name,
  text: `check it, seal it with token, keys and record, and keep it at ${sets.where}`,
  needs: [...needsOf(source, streams), ...volumes],
  apply: async (run) => {
    const { sha256, kubernetesVersion, tokens } = valueOf(source, run);
    const copied = valueOf(streams, run);
    const results = volumes.map((volume) => run.output(volume));
    const copies = results.flatMap((result) => ('copy' in result ? [result.copy] : []));
    const failures = results.flatMap((result) => ('failure' in result ? [result] : []));
    const checked = await checkSnapshot(backups, { packed: file, sha256, token: tokens.server.reveal() });
    if ('broken' in checked) {
      throw new IncompleteError(`The snapshot that ${server.name} took cannot be used: ${checked.broken}.`, {
        code: 'BACKUP_BAD',
        hint: `Run the same command again. If it stays so, look at etcd: slipway cluster ssh ${record.name} ${server.name} -- ${backups.onServers.log}`,
      });
    }
    const { bytes, report } = checked;
    run.progress('sealing it, and reading it back');
    const manifest = await sets.keep(
      {
        id,
        cluster: { name: record.name, id: record.id },
        takenAt,
        server: server.name,
        kubernetesVersion,
        etcd: { revision: report.revision, entries: report.entries },
        claims: [...report.claims],
        uncovered: [
          ...uncoveredOf(
            report.claims,
            [...uncovered, ...failures.map((failure) => failure.uncovered), ...copied.uncovered],
            copies.map(({ claim }) => claim),
          ),
        ],
        volumes: copies,
        snapshot: { bytes, sha256 },
      },
      file,
      {
        tokens: { server: tokens.server.reveal(), agent: tokens.agent.reveal() },
        files: { ...(await folder.contents()) },
      },
      copied.copies,
    );
    done.missing = [...copied.failures, ...failures.map(({ failure }) => failure)];
    await folder.saveLastBackup({
      ...(await folder.lastBackup()),
      backup: { id, where: sets.where, uncovered: [...(manifest.uncovered ?? [])], ...heldBy(manifest) },
    });
    context.signal.throwIfAborted();
    return manifest;
  },
});

/** The names of what it has copies of. */
const heldBy = ({ volumes, streams }: BackupManifest) => ({
  volumes: volumes.map(({ claim }) => claim),
  streams: streams.map(({ name }) => name),
});

const pruneStep = (
  { context, record, sets }: Work,
  spec: ClusterSpec,
  kept: Step<BackupManifest>,
  done: Done,
): Step => ({
  id: 'prune',
  phase,
  target: record.name,
  text: 'remove backups that need not be kept any more',
  needs: [kept],
  apply: async (run) => {
    done.manifest = run.output(kept);
    done.pruned = await pruneSets(context, sets, record.name, spec);
  },
});

/** Steps that copy the volumes which the file names. */
async function volumeSteps(
  context: WorkflowContext,
  of: {
    readonly kube: Kube;
    readonly sets: BackupSets;
    readonly id: string;
    readonly access: VolumesAccess;
    readonly spec: ClusterSpec;
    readonly claims: readonly ClaimVolume[];
  },
): Promise<readonly Step<CopiedVolume>[]> {
  const { kube, sets, id, access, spec, claims } = of;
  const pods = await readClaimUsers(kube, context);
  const going = await prunable(context, sets, spec.name, spec);
  const keep = (await sets.list(spec.name)).ids.filter((one) => !going.includes(one));
  const { image } = spec.backup!.volumes!;
  const steps: Step<CopiedVolume>[] = [];
  for (const claim of chosenClaims(claims, spec)) {
    const to = accessTo(access, claim.claim);
    steps.push(copyVolumeStep({ kube, claim, pods, backup: id, keep, image, access: to, phase, after: steps }));
  }
  return steps;
}

/** Ids of what is to go: backups that need not be kept, and halves of some. */
export async function prunable(
  { clock }: Pick<WorkflowContext, 'clock'>,
  sets: BackupSets,
  cluster: string,
  spec: Pick<ClusterSpec, 'backup'>,
): Promise<readonly string[]> {
  const { ids, unfinished } = await sets.list(cluster);
  const now = clock.now();
  const policy = { keep: spec.backup?.keep ?? backupDefaults.keep, everyMs: everyMs(spec) };
  return [...backupsToPrune(ids, now, policy), ...abandonedSets(ids, unfinished, now, policy)];
}

async function pruneSets(
  context: WorkflowContext,
  sets: BackupSets,
  cluster: string,
  spec: ClusterSpec,
): Promise<readonly string[]> {
  const going = await prunable(context, sets, cluster, spec);
  for (const id of going) await sets.remove(cluster, id);
  return going;
}
