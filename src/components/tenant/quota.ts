import { bytesOf, milliOf } from '../../domain/quantity.js';
import type { TenantSpec } from '../../domain/spec/tenants.js';

/** What something takes of a quota. */
export interface Share {
  /** Thousandths of a core. */
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly storageMiB: number;
  readonly volumes: number;
  readonly pods: number;
}

/** What Slipway runs for a tenant: nothing yet. */
export const platformShare: Share = { cpuMilli: 0, memoryMiB: 0, storageMiB: 0, volumes: 0, pods: 0 };

export type Hard = Readonly<Record<string, string>>;

/** Kinds that a quota counts, as ResourceQuota names them. What they may be is `quota.objects` of each. */
const counted = [
  'configmaps',
  'secrets',
  'services',
  'count/serviceaccounts',
  'count/deployments.apps',
  'count/replicasets.apps',
  'count/statefulsets.apps',
  'count/jobs.batch',
  'count/cronjobs.batch',
  'count/ingresses.networking.k8s.io',
  'count/horizontalpodautoscalers.autoscaling',
  'count/poddisruptionbudgets.policy',
];

/** What no namespace of a tenant has, whatever its quota. */
const none: Hard = { 'services.loadbalancers': '0', 'services.nodeports': '0' };

/** Each change of a Deployment leaves a ReplicaSet, of which Kubernetes keeps ten. */
const replicaSetsEach = 11;

/**
 * The hard limits of a tenant's two namespaces. Kubernetes counts by namespace: together they are what the tenant may have.
 * @param classes storage classes that volumes may be of; of `others` there is none
 */
export function quotaOf(
  { quota }: Pick<TenantSpec, 'quota'>,
  { classes, others }: { readonly classes: readonly string[]; readonly others: readonly string[] },
  platform: Share = platformShare,
): { readonly own: Hard; readonly platform: Hard } {
  const whole: Share = {
    cpuMilli: milliOf(quota.cpu) ?? 0,
    memoryMiB: mebibytes(quota.memory),
    storageMiB: mebibytes(quota.storage),
    volumes: quota.volumes,
    pods: quota.pods,
  };
  const own: Share = {
    cpuMilli: whole.cpuMilli - platform.cpuMilli,
    memoryMiB: whole.memoryMiB - platform.memoryMiB,
    storageMiB: whole.storageMiB - platform.storageMiB,
    volumes: whole.volumes - platform.volumes,
    pods: whole.pods - platform.pods,
  };
  const byClass = (of: Share): Hard =>
    Object.fromEntries([
      ...classes.map((name) => [`${name}.storageclass.storage.k8s.io/requests.storage`, sizeText(of.storageMiB)]),
      ...others.map((name) => [`${name}.storageclass.storage.k8s.io/requests.storage`, '0']),
    ]) as Hard;
  return {
    own: {
      ...hardOf(own),
      ...byClass(own),
      ...Object.fromEntries(counted.map((name) => [name, String(objectsOf(name, quota.objects))])),
      ...none,
    },
    platform: { ...hardOf(platform), ...byClass(platform), ...none },
  };
}

const objectsOf = (name: string, each: number): number =>
  name.startsWith('count/replicasets') ? each * replicaSetsEach : each;

/** As the API writes them: what is applied in other words would look changed at every plan. */
const coresText = (milli: number): string => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`);

function sizeText(mebibytes: number): string {
  if (mebibytes === 0) return '0';
  if (mebibytes % 2 ** 20 === 0) return `${mebibytes / 2 ** 20}Ti`;
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

/** What a container gets that asks for nothing, and what it may have at most, in the API's words. */
export const containerOf = ({ container, quota }: Pick<TenantSpec, 'container' | 'quota'>) => ({
  cpu: coresText(milliOf(container.cpu) ?? 0),
  memory: sizeText(mebibytes(container.memory)),
  // One container may have all of it: how it is shared out is the tenant's own business.
  most: sizeText(mebibytes(quota.memory)),
});

const mebibytes = (size: string): number => Math.floor((bytesOf(size) ?? 0) / 2 ** 20);

const hardOf = ({ cpuMilli, memoryMiB, storageMiB, volumes, pods }: Share): Hard => ({
  'requests.cpu': coresText(cpuMilli),
  'requests.memory': sizeText(memoryMiB),
  // Without limits that add up to no more, the nodes' memory would be everybody's.
  'limits.memory': sizeText(memoryMiB),
  'requests.storage': sizeText(storageMiB),
  persistentvolumeclaims: String(volumes),
  pods: String(pods),
});

/** Of what a quota allows less than is used by now: `requests.cpu: 500m asked for, 700m used`. */
export function overused(hard: Hard, used: Hard): readonly string[] {
  return Object.entries(hard).flatMap(([name, limit]) => {
    const now = used[name];
    const amount = (text: string): number => milliOf(text) ?? (bytesOf(text) ?? 0) * 1000;
    return now !== undefined && amount(now) > amount(limit) ? [`${name}: ${limit} asked for, ${now} used`] : [];
  });
}
