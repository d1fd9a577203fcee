import {
  backupTime,
  type ClaimVolume,
  databaseDrillProblems,
  type DrillBefore,
  type DrillSample,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { ClusterApi } from '../../phases/context.js';
import { reach } from '../../phases/reach.js';
import type { ClusterOwnedResource, MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { readClaims } from '../backup/claims.js';
import { everyMs } from '../backup/create.js';
import { isRestoredWhole } from '../backup/fresh-claim.js';
import { readClaimUsers, volumesAccess } from '../backup/volumes.js';
import { progress, type WorkflowContext } from '../context.js';
import { isReady } from './measure.js';
import { type Workload, workloadsOf } from './workload.js';

/** What is lost and what uses it. */
export interface Database {
  readonly provider: MachineProvider;
  readonly api: ClusterApi;
  /** `shop/data-db-0` */
  readonly claim: string;
  /** By which the cluster knows it. */
  readonly volume: string;
  readonly item: ClusterOwnedResource;
  readonly before: DrillBefore;
  /** What runs its pods, with how many of them; undefined where that cannot be stopped from here. */
  readonly workload: Workload | undefined;
  /** The backup that has the copy its data come back from, and when that was made, in milliseconds since 1970. */
  readonly backup: { readonly id: string; readonly at: number };
}

export interface DatabaseChoice {
  /** `shop/data-db-0`; undefined: the one of which the newest backup has a copy. */
  readonly claim: string | undefined;
  readonly spec: ClusterSpec | undefined;
  readonly restores: boolean;
}

/**
 * Looks at what would be lost with the volume of a claim. Changes nothing.
 * @throws RefusedError code DRILL_REFUSED: it would be lost for good, or is not well; UsageError codes BAD_USAGE, VOLUME_KEY
 */
export async function findDatabase(
  context: WorkflowContext,
  { folder, record }: { readonly folder: ClusterFolder; readonly record: ClusterRecord },
  choice: DatabaseChoice,
): Promise<Database> {
  const spec = choice.spec ?? record.spec;
  const provider = await context.provider(record.spec.provider);
  progress(context, `looking at ${provider.title}, the cluster and its backups`);
  const kubeconfig = await folder.kubeconfig();
  const [reached, copies, owned] = await Promise.all([
    kubeconfig && reach(context, kubeconfig),
    newestCopies(context, record.name, spec),
    provider.ownedResources(record, context),
  ]);
  if (!reached) throw refused(record.name, ['its API does not answer']);
  const { kube } = reached.api;
  const claim = choice.claim ?? onlyOne(record.name, copies?.volumes.map((copy) => copy.claim) ?? []);
  const [claims, users] = await Promise.all([readClaims(kube, context), usersOf(kube, claim, context)]);
  const workloads = await workloadsOf(kube, claim.split('/')[0]!, users, context);
  const found = claims.find((one) => one.claim === claim);
  const item = owned.find(({ kind, name }) => kind === 'volume' && name === found?.volume);
  const copy = copies?.volumes.find((one) => one.claim === claim);
  const problems = databaseDrillProblems({
    claim,
    found,
    provider: provider.title,
    isAtProvider: item !== undefined,
    users: users.map((pod) => {
      const { kind, name } = workloads.get(pod.metadata.name) ?? {};
      return { name: pod.metadata.name, ready: isReady(pod), workload: kind && `${kind} ${name}` };
    }),
    copy: copy && copies && { ageMs: context.clock.now() - copies.at, partial: copy.partial },
    lossMs: everyMs(spec),
    illNodes: [...reached.nodes.values()].filter(({ ready }) => !ready).map(({ name }) => name),
    restores: choice.restores,
    cluster: record.name,
  });
  if (problems.length > 0) throw refused(`The volume of ${claim}`, problems);
  // Whoever is to restore it has to be able to, before there is something to restore.
  if (choice.restores) await volumesAccess(context, folder, { ...record, spec }, spec.backup!.volumes!.to);
  return {
    provider,
    api: reached.api,
    claim,
    volume: found!.volume!,
    item: item!,
    before: { attached: await attachedTo(kube, found!, context), pods: users.length, data: true },
    workload: workloads.get(users[0]!.metadata.name),
    backup: { id: copies!.id, at: copies!.at },
  };
}

/** What the newest backup has of volumes. */
async function newestCopies({ workspace }: WorkflowContext, cluster: string, spec: ClusterSpec) {
  const sets = await workspace.backups(spec.backup?.to, 'look');
  const id = (await sets?.list(cluster))?.ids[0];
  if (!sets || id === undefined) return undefined;
  const { volumes } = await sets.manifest(cluster, id);
  return { id, at: backupTime(id)!, volumes };
}

/** @throws RefusedError code DRILL_REFUSED; UsageError code BAD_USAGE */
function onlyOne(cluster: string, claims: readonly string[]): string {
  if (claims.length === 1) return claims[0]!;
  if (claims.length === 0)
    throw refused(`A volume of ${cluster}`, [
      `data would be lost: no backup has a copy of any (name their claims in backup.volumes, then: slipway backup create ${cluster})`,
    ]);
  throw new UsageError(`${cluster} has copies of ${claims.length} volumes.`, {
    code: 'BAD_USAGE',
    hint: `Name the one to lose: --claim ${claims.join(', --claim ')}`,
  });
}

async function usersOf(kube: Kube, claim: string, options: KubeOptions): Promise<readonly KubeObject[]> {
  const [namespace] = claim.split('/');
  const [users, pods] = await Promise.all([
    readClaimUsers(kube, options),
    kube.list('v1', 'Pod', { namespace: namespace! }, options),
  ]);
  const names = new Set(
    users.filter((user) => user.claims.some((name) => `${user.namespace}/${name}` === claim)).map(({ name }) => name),
  );
  return pods.filter(({ metadata }) => names.has(metadata.name));
}

interface Attachment extends KubeObject {
  readonly spec?: { readonly source?: { readonly persistentVolumeName?: string } };
}

async function attachedTo(kube: Kube, { volume }: Pick<ClaimVolume, 'volume'>, options: KubeOptions): Promise<number> {
  const all = (await kube.list('storage.k8s.io/v1', 'VolumeAttachment', {}, options)) as readonly Attachment[];
  return all.filter(({ spec }) => spec?.source?.persistentVolumeName === volume).length;
}

/** How the database is now that its volume is gone. */
export async function lookAtDatabase(
  { api: { kube }, claim, volume, before }: Database,
  options: KubeOptions,
): Promise<NonNullable<DrillSample['cluster']>> {
  const [namespace, name] = claim.split('/');
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: namespace!, name: name! } };
  const [found, users, attached] = await Promise.all([
    kube.get(ref, options),
    usersOf(kube, claim, options),
    attachedTo(kube, { volume }, options),
  ]);
  const bound = (found?.['spec'] as { readonly volumeName?: string } | undefined)?.volumeName;
  const isFresh = bound !== undefined && bound !== volume;
  const ready = users.filter((pod) => isReady(pod) && pod.metadata.labels?.['slipway.dev/holds-claim'] === undefined);
  return {
    noticed: bound !== volume || ready.length < before.pods,
    attached,
    podsMissing: isFresh ? Math.max(0, before.pods - ready.length) : before.pods,
    isDataBack: isFresh && isRestoredWhole(found!) && ready.length > 0,
  };
}

export const refused = (what: string, problems: readonly string[]): RefusedError =>
  new RefusedError(`${what} is not lost on purpose: ${problems[0]}.`, {
    code: 'DRILL_REFUSED',
    details: problems.slice(1),
    hint: 'Do what it says, or name another one with --claim.',
  });
