import { type BackupPart, type Clock, partText, plural, type ProvenPart } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError, SlipwayError } from '../../errors/index.js';
import { reach } from '../../phases/reach.js';
import type { Kube } from '../../kube/types.js';
import type { BackupManifest, BackupSets } from '../../workspace/backups/types.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import type { WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { tryStreams } from './drill-streams.js';
import { keepProven } from './restored-from.js';
import { unjournaled } from './unjournaled.js';
import { runVolumeWork } from './volume-copy.js';
import type { VolumeAccess } from './volume-pod.js';
import { volumesAccess } from './volumes.js';

export interface PartsOfDrill {
  readonly cluster: string;
  readonly spec: ClusterSpec | undefined;
  readonly sets: BackupSets;
  readonly manifest: BackupManifest;
  /** Those of the backup that are tried. */
  readonly parts: readonly BackupPart[];
}

/** What became of one of them. */
type Tried = { readonly proven: ProvenPart } | { readonly part: BackupPart; readonly why: string };

/** The steps of a drill of parts, and what comes of them once they were done. */
export interface PartsDrill {
  readonly steps: readonly Step[];
  readonly tried: readonly Tried[];
}

const phase = 'Try the copies';

/**
 * Plans to bring copies of volumes and of streams back into pods of a moment of the cluster itself, which have nothing of what the
 * copies are of. Nothing is planned where the cluster does not answer: each is named as not tried.
 * @throws UsageError, RefusedError code VOLUME_KEY
 */
export async function planParts(context: WorkflowContext, of: PartsOfDrill): Promise<PartsDrill> {
  const { parts, manifest } = of;
  const tried: Tried[] = [];
  const { folder, record } = await knownCluster(context.workspace, of.cluster);
  const kubeconfig = await folder.kubeconfig();
  const kube = kubeconfig && (await reach(context, kubeconfig))?.api.kube;
  if (!kube) {
    const why = `the Kubernetes API of ${of.cluster}, in which copies are tried, does not answer`;
    return { steps: [], tried: parts.map((part) => ({ part, why })) };
  }
  const work: Work = { ...of, context, kube, folder, tried };
  const access = await accessFor(context, of, folder, record);
  const steps: Step[] = [];
  for (const { claim } of manifest.volumes.filter((one) => isAsked(parts, 'claim', one.claim)))
    steps.push(volumeStep(work, claim, access!, [...steps]));
  const names = manifest.streams.map(({ name }) => name).filter((name) => isAsked(parts, 'stream', name));
  if (names.length > 0) steps.push(streamsStep(work, names, [...steps]));
  return { steps, tried };
}

/** Tries them, notes what is proven, and says of the rest why it is not. @throws IncompleteError code DRILL_PARTIAL */
export async function runParts(
  context: WorkflowContext,
  cluster: string,
  { steps, tried }: PartsDrill,
  retryCommand: string,
): Promise<readonly ProvenPart[]> {
  const { folder } = await knownCluster(context.workspace, cluster);
  if (steps.length > 0) await execute(context, unjournaled(folder), 'backup drill', steps, retryCommand);
  const failures = tried.filter((one) => 'why' in one);
  const proven = tried.flatMap((one) => ('proven' in one ? [one.proven] : []));
  if (failures.length === 0) return proven;
  throw new IncompleteError(`${plural(failures.length, 'copy', 'copies')} of ${cluster} could not be brought back.`, {
    code: 'DRILL_PARTIAL',
    details: failures.map(({ part, why }) => `${partText(part)}: ${why}`),
    hint: `See what they are copies of: slipway backup verify ${cluster}. Make another backup, then try that: ${retryCommand}`,
  });
}

const isAsked = (parts: readonly BackupPart[], kind: BackupPart['kind'], name: string): boolean =>
  parts.some((part) => part.kind === kind && part.name === name);

async function accessFor(
  context: WorkflowContext,
  { spec, parts }: PartsOfDrill,
  folder: ClusterFolder,
  record: ClusterRecord,
): Promise<{ readonly image: string; readonly access: Omit<VolumeAccess, 'repository'> } | undefined> {
  const whole = spec ?? record.spec;
  const volumes = whole.backup?.volumes;
  if (!parts.some(({ kind }) => kind === 'claim')) return undefined;
  if (!volumes) {
    throw new IncompleteError(`The file of ${record.name} does not say any more where copies of volumes are.`, {
      code: 'DRILL_PARTIAL',
      hint: 'Name the place in the cluster file: backup.volumes.to',
    });
  }
  const { root: _, ...access } = await volumesAccess(context, folder, { ...record, spec: whole }, volumes.to);
  return { image: volumes.image, access };
}

interface Work extends PartsOfDrill {
  readonly context: WorkflowContext;
  readonly kube: Kube;
  readonly folder: ClusterFolder;
  readonly tried: Tried[];
}

async function note(work: Work, part: BackupPart, began: number, count: number): Promise<void> {
  const { clock }: { readonly clock: Clock } = work.context;
  const at = new Date(clock.now()).toISOString();
  const proven = {
    ...part,
    backup: work.manifest.id,
    at,
    as: 'drill' as const,
    tookMs: clock.monotonic() - began,
    count,
  };
  work.tried.push({ proven });
  await keepProven(work.folder, [proven]);
}

const reasonOf = ({ message, details }: SlipwayError): string => [message.replace(/\.$/, ''), ...details].join('; ');

function volumeStep(
  work: Work,
  claim: string,
  { image, access }: { readonly image: string; readonly access: Omit<VolumeAccess, 'repository'> },
  after: readonly Step[],
): Step {
  const { context, kube, manifest, tried } = work;
  const { repository, files, bytes, partial } = manifest.volumes.find((one) => one.claim === claim)!;
  const part = { kind: 'claim', name: claim } as const;
  return {
    id: `volume:${claim}`,
    phase,
    target: claim,
    text: 'bring the copy of its files back into a folder that is thrown away, and read them',
    needs: [],
    after,
    readOnly: true,
    apply: async (run) => {
      const began = context.clock.monotonic();
      try {
        const whole = { ...access, repository };
        const tryIt = { act: 'try', claim, bytes, backup: manifest.id, keep: [], image, access: whole } as const;
        const came = (await runVolumeWork(kube, tryIt, run))!;
        // Files that went away while they were copied were counted then, and are not in the copy.
        if (!partial && (came.files !== files || came.bytes !== bytes)) {
          const why = `${came.files} of ${plural(files, 'file')} came back, with ${came.bytes} bytes of ${bytes}`;
          tried.push({ part, why });
          return;
        }
        await note(work, part, began, came.files);
      } catch (error) {
        if (!(error instanceof SlipwayError) || run.signal.aborted) throw error;
        tried.push({ part, why: reasonOf(error) });
      }
    },
  };
}

function streamsStep(work: Work, names: readonly string[], after: readonly Step[]): Step {
  const { context, kube, sets, manifest, tried } = work;
  const { clock } = context;
  return {
    id: 'streams',
    phase,
    target: 'nats',
    text: `bring ${names.join(', ')} back into a server of NATS that is thrown away, and read them`,
    needs: [],
    after,
    readOnly: true,
    apply: async (run) => {
      let began = clock.monotonic();
      const left = new Set(names);
      const done = async (name: string, result: Parameters<Parameters<typeof tryStreams>[0]['tried']>[1]) => {
        const part = { kind: 'stream', name } as const;
        left.delete(name);
        if ('failure' in result) tried.push({ part, why: reasonOf(result.failure) });
        else await note(work, part, began, result.messages);
        began = clock.monotonic();
      };
      try {
        const options = { signal: run.signal, progress: (text: string) => run.progress(text) };
        await tryStreams({ kube, clock, sets, manifest, names, tried: done }, options);
      } catch (error) {
        if (!(error instanceof SlipwayError) || run.signal.aborted) throw error;
        for (const name of left) tried.push({ part: { kind: 'stream', name }, why: reasonOf(error) });
      }
    },
  };
}
