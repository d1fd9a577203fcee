import {
  type Begun,
  type Certificate,
  lowestVersion,
  type MaintainJob,
  type MaintenanceFacts,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { InterruptedError, SlipwayError } from '../../errors/index.js';
import { keyedMachines } from '../../phases/lost-key.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { backupFacts, backupStatus } from '../cluster/backup-status.js';
import { isExpired, notedCertificates, ownCertificate, readCertificates } from '../cluster/certificates.js';
import { observe, type Observation } from '../cluster/observe.js';
import { isTokenRotationBegun } from '../cluster/rotate/unfinished.js';
import { rotatedKeyNote, rotatedTokensNote, rotationAge } from '../cluster/rotate/notes.js';
import { keyProblem } from '../cluster/ssh-key.js';
import { observedProblems } from '../cluster/status.js';
import { toolsFor } from '../cluster/tools.js';
import { upgradeComponents } from '../component/upgrade.js';
import type { WorkflowContext } from '../context.js';
import type { MaintainMemory } from './memory.js';

export interface MaintainSubject {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  /** As its file says now. */
  readonly spec: ClusterSpec;
  readonly memory: MaintainMemory;
}

export interface MaintenanceLook {
  readonly facts: MaintenanceFacts;
  /** What could not be found out, by the job that it hinders. */
  readonly unread: ReadonlyMap<MaintainJob, SlipwayError>;
  readonly remarks: readonly string[];
  readonly simulated: readonly string[];
}

/** Looks at all that tells what is due. What cannot be looked at hinders its own job alone. Changes nothing. */
export async function lookForMaintenance(
  context: WorkflowContext,
  subject: MaintainSubject,
  retryCommand: string,
): Promise<MaintenanceLook> {
  const { folder, record, spec, memory } = subject;
  const now = context.clock.now();
  const { seen, problems } = await observeHealth(context, subject);
  const { facts, distribution } = seen;
  const provider = await context.provider(spec.provider);
  const unread = new Map<MaintainJob, SlipwayError>();
  const reading = async <T>(job: MaintainJob, otherwise: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof SlipwayError) || error instanceof InterruptedError) throw error;
      unread.set(job, error);
      return otherwise;
    }
  };
  const backup = spec.backup && (await backupStatus(context, folder, spec, distribution));
  const servers = [...(facts.nodes?.values() ?? [])].filter((node) => node.controlPlane);
  const asked = { file: spec.kubernetes.version, record: record.spec.kubernetes.version };
  const isAnother = record.upgrade === undefined && asked.file !== asked.record;
  const begunBy = (...jobs: readonly MaintainJob[]): Begun =>
    memory.begun && jobs.includes(memory.begun.job) ? 'by a round' : 'by somebody';
  const rotations = await distribution.rotations?.();
  const reboots = await distribution.reboots?.();
  const hasMarks = record.upgrade === undefined && (reboots?.left(facts.nodes) ?? []).length > 0;
  return {
    facts: {
      problems,
      certificates: await reading('certificates', [], () => certificatesNow(context, subject, seen)),
      backup: backup && backupFacts(backup, spec),
      version: lowestVersion(servers.map(({ version }) => version)),
      channels:
        isAnother || spec.kubernetes.bundle !== undefined
          ? undefined
          : await reading('patch', undefined, async () =>
              (await distribution.upgrades?.())?.channels(context.channelServer, context),
            ),
      components: facts.api
        ? await reading('components', [], () => differingComponents(context, record.name, retryCommand))
        : [],
      reboots: await reading('system', [], () => waitingReboots(context, subject, seen)),
      tokensAgeMs: rotations && (await rotationAge(folder, rotatedTokensNote, record, now)),
      keyAgeMs:
        keyedMachines(facts.machines).length > 0 ? await rotationAge(folder, rotatedKeyNote, record, now) : undefined,
      begun: {
        upgrade: record.upgrade && { to: record.upgrade.stops.at(-1)!, by: begunBy('patch', 'minor') },
        certificates: record.certificateRotation && begunBy('certificates'),
        tokens: (await isTokenRotationBegun(folder)) ? begunBy('tokens') : undefined,
        sshKey: (await folder.storedNextIdentity()) ? begunBy('ssh-key') : undefined,
        system: hasMarks || memory.begun?.job === 'system' ? begunBy('system') : undefined,
      },
    },
    unread,
    remarks: releaseRemarks(record.name, isAnother ? asked.file : undefined, spec.kubernetes.bundle),
    simulated: provider.traits.simulated,
  };
}

/** Why no newer release is looked for. */
function releaseRemarks(cluster: string, asked: string | undefined, bundle: string | undefined): readonly string[] {
  if (asked !== undefined)
    return [
      `The file asks for Kubernetes ${asked} by now, so no other release is brought. Apply it: slipway cluster apply ${cluster}`,
    ];
  if (bundle === undefined) return [];
  return [
    `Releases come from the bundle ${bundle} alone, so newer ones are not looked for and no patch is brought by itself. Make a bundle of a newer one with \`slipway bundle create\`, name its folder in the file, then: slipway cluster apply ${cluster}`,
  ];
}

/** The cluster as it is, and what keeps it from being healthy. */
export async function observeHealth(
  context: WorkflowContext,
  { folder, record, spec }: Pick<MaintainSubject, 'folder' | 'record' | 'spec'>,
): Promise<{ readonly seen: Observation; readonly problems: readonly string[] }> {
  const tools = toolsFor(context, await context.provider(spec.provider), folder);
  const key = (await folder.storedIdentity())?.publicKey;
  const publicKey = key ?? context.newKeyPair().publicKey;
  const kubeconfig = await folder.kubeconfig();
  const look = (how: 'from afar' | 'from afar, without the API'): Promise<Observation> =>
    observe(context, tools, record, record.spec, publicKey, how);
  const seen = await look('from afar').catch((error: unknown) => {
    if (isExpired(error, kubeconfig, context.clock.now())) return look('from afar, without the API');
    throw error;
  });
  // A killed rotation of the key may have swapped it and not said so in the record.
  const lost = (await folder.storedNextIdentity()) ? undefined : keyProblem(folder, record, key, seen.facts);
  return { seen, problems: [...observedProblems(seen), ...(lost ? [lost.message] : [])] };
}

/** As they were read within a day, while those were well; else they are read anew. */
async function certificatesNow(
  context: WorkflowContext,
  { folder, spec }: MaintainSubject,
  { facts, distribution }: Observation,
): Promise<readonly (Certificate & { readonly machine: string })[]> {
  const now = context.clock.now();
  const own = ownCertificate(await folder.kubeconfig());
  const noted = await notedCertificates(context, folder, facts.machines);
  const isYoung = noted !== undefined && now - Date.parse(noted.at) < dayMs;
  if (isYoung && noted.certificates.every(({ state }) => state === 'well')) return [...noted.certificates, ...own];
  const tools = toolsFor(context, await context.provider(spec.provider), folder);
  return [...(await readCertificates(context, distribution, tools, facts.machines)), ...own];
}

/** Machines that do not answer are what health is about. */
async function waitingReboots(
  context: WorkflowContext,
  { folder, spec }: MaintainSubject,
  { facts, distribution }: Observation,
): Promise<MaintenanceFacts['reboots']> {
  const reboots = await distribution.reboots?.();
  if (!reboots) return [];
  const tools = toolsFor(context, await context.provider(spec.provider), folder);
  const { waiting } = await reboots.look(tools, facts.machines, context);
  return [...waiting].map(([machine, because]) => ({ machine, because }));
}

const dayMs = 24 * 3_600_000;

/** What `component upgrade` would change. */
async function differingComponents(
  context: WorkflowContext,
  cluster: string,
  retryCommand: string,
): Promise<readonly string[]> {
  const { steps } = await upgradeComponents(context, { cluster, names: [], dryRun: true }, retryCommand);
  return [...new Set(steps.map(({ target }) => target))];
}
