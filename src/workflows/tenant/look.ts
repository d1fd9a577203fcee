import { changeOf } from '../../components/apply/change.js';
import { refKey } from '../../components/apply/objects.js';
import { podProblems } from '../../components/apply/pod-problems.js';
import { bytesOf, milliOf } from '../../domain/quantity.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { platformOf, type TenantSpec } from '../../domain/spec/tenants.js';
import { tenantOf, unknownTenant } from '../../domain/tenants.js';
import type { Secret } from '../../domain/secret.js';
import { RefusedError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { WorkflowContext } from '../context.js';
import { type TenantView, viewTenants } from './draft.js';
import { hostsOf } from './remove.js';

/** `unlisted`: it is there, and the file does not name it. */
export type TenantState = 'ready' | 'missing' | 'differs' | 'suspended' | 'unlisted';

export interface ListedTenant {
  readonly name: string;
  readonly state: TenantState;
  readonly domains: readonly string[];
  /** What its pods request now, and may at most; both namespaces together. */
  readonly quota: readonly QuotaLine[];
}

export interface QuotaLine {
  /** As ResourceQuota names it: `requests.cpu`. */
  readonly name: string;
  readonly used: string;
  readonly hard: string;
}

/** Tenants of the file, and those that are there without it, by name. Changes nothing. */
export async function listTenants(
  context: WorkflowContext,
  spec: ClusterSpec,
): Promise<{ readonly cluster: string; readonly tenants: readonly ListedTenant[] }> {
  const view = await viewTenants(context, spec);
  const asked = spec.tenants ?? [];
  const names = [...new Set([...asked.map(({ name }) => name), ...view.present])].sort();
  return {
    cluster: spec.name,
    tenants: names.map((name) =>
      listed(
        view,
        name,
        asked.find((one) => one.name === name),
      ),
    ),
  };
}

function listed({ seen, present }: TenantView, name: string, tenant: TenantSpec | undefined): ListedTenant {
  const rendered = seen.tenants.find(({ owner }) => owner.name === name)?.rendered ?? [];
  const differs = rendered.some((component) => changeOf(component, [], seen.facts) !== undefined);
  const state = !tenant
    ? 'unlisted'
    : !present.includes(name)
      ? 'missing'
      : differs
        ? 'differs'
        : tenant.suspended
          ? 'suspended'
          : 'ready';
  return { name, state, domains: tenant?.domains ?? [], quota: quotaLines(seen.facts.objects, name) };
}

/** What is shown of a quota; all else is in the object itself. */
const shown = ['requests.cpu', 'requests.memory', 'requests.storage', 'persistentvolumeclaims', 'pods'];

/** Both namespaces together. */
function quotaLines(objects: ReadonlyMap<string, KubeObject>, tenant: string): readonly QuotaLine[] {
  const quotas = [tenant, platformOf(tenant)].flatMap((namespace) => {
    const ref = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'slipway', namespace } };
    const found = objects.get(refKey(ref));
    return found ? [found] : [];
  });
  if (quotas.length === 0) return [];
  const amounts = (name: string, part: 'spec' | 'status', key: 'hard' | 'used'): readonly string[] =>
    quotas.map(
      (quota) =>
        (quota[part] as Readonly<Record<string, Readonly<Record<string, string>>>> | undefined)?.[key]?.[name] ?? '0',
    );
  return shown.map((name) => ({
    name,
    used: sumOf(name, amounts(name, 'status', 'used')),
    hard: sumOf(name, amounts(name, 'spec', 'hard')),
  }));
}

function sumOf(name: string, amounts: readonly string[]): string {
  if (/memory|storage/.test(name)) {
    const mebibytes = amounts.reduce((sum, one) => sum + (bytesOf(one) ?? 0), 0) / 2 ** 20;
    return mebibytes >= 1024 ? `${Number((mebibytes / 1024).toFixed(1))}Gi` : `${Math.round(mebibytes)}Mi`;
  }
  return String(amounts.reduce((sum, one) => sum + (milliOf(one) ?? 0), 0) / 1000);
}

export interface TenantStatus extends ListedTenant {
  readonly cluster: string;
  readonly pods: { readonly ready: number; readonly count: number };
  /** A line for each pod that has something to say, with the last line of its run before where it wrote one. */
  readonly problems: readonly string[];
  readonly volumes: readonly { readonly claim: string; readonly size: string; readonly phase: string }[];
  /** Host names that its Ingresses have now. */
  readonly hosts: readonly string[];
  /** What differs from the file, as a plan tells it. */
  readonly differences: readonly string[];
}

/** One tenant on one screen. Changes nothing. @throws UsageError code UNKNOWN_TENANT */
export async function tenantStatus(context: WorkflowContext, spec: ClusterSpec, name: string): Promise<TenantStatus> {
  const view = await viewTenants(context, spec);
  const tenant = spec.tenants?.find((one) => one.name === name);
  if (!tenant && !view.present.includes(name))
    throw unknownTenant(spec.name, name, [...(spec.tenants ?? []).map((one) => one.name), ...view.present]);
  const { kube } = view.api;
  const options = { signal: context.signal };
  const [pods, claims, ingresses] = await Promise.all([
    kube.list('v1', 'Pod', { namespace: name }, options),
    kube.list('v1', 'PersistentVolumeClaim', { namespace: name }, options),
    kube.list('networking.k8s.io/v1', 'Ingress', { namespace: name }, options),
  ]);
  const rendered = view.seen.tenants.find(({ owner }) => owner.name === name)?.rendered ?? [];
  return {
    cluster: spec.name,
    ...listed(view, name, tenant),
    pods: { ready: pods.filter(isReady).length, count: pods.length },
    problems: (await Promise.all(pods.map((pod) => problemsOf(kube, pod, options)))).flat(),
    volumes: claims.map((claim) => ({
      claim: claim.metadata.name,
      size: (claim['spec'] as { resources?: { requests?: { storage?: string } } }).resources?.requests?.storage ?? '',
      phase: (claim['status'] as { phase?: string } | undefined)?.phase ?? 'Pending',
    })),
    hosts: [...new Set(ingresses.flatMap(hostsOf))].sort(),
    differences: rendered.flatMap((component) => {
      const change = changeOf(component, [], view.seen.facts);
      return change ? [change.text, ...change.details] : [];
    }),
  };
}

const isReady = (pod: KubeObject): boolean =>
  (pod['status'] as { conditions?: readonly { type: string; status: string }[] } | undefined)?.conditions?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  ) ?? false;

interface Restarted {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string } };
}

async function problemsOf(kube: Kube, pod: KubeObject, options: KubeOptions): Promise<readonly string[]> {
  const problems = podProblems([pod]);
  const containers =
    (pod['status'] as { containerStatuses?: readonly Restarted[] } | undefined)?.containerStatuses ?? [];
  const crashing = containers.find(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
  if (!crashing) return problems;
  const log = await kube.podLog(pod.metadata.namespace!, pod.metadata.name, {
    ...options,
    container: crashing.name,
    previous: true,
    tailLines: 1,
  });
  const last = log?.trim();
  return last ? problems.map((line) => `${line}; its last word: ${last.slice(0, 300)}`) : problems;
}

/**
 * A kubeconfig of a tenant's people, with a token that ends by itself.
 * @param seconds how long the token shall last
 * @throws UsageError code UNKNOWN_TENANT; RefusedError code TENANT_NOT_THERE
 */
export async function tenantKubeconfig(
  context: WorkflowContext,
  spec: ClusterSpec,
  name: string,
  seconds: number,
): Promise<{ readonly kubeconfig: Secret; readonly expires: string }> {
  const { folder, api, present } = await viewTenants(context, spec);
  if (!present.includes(name)) {
    tenantOf(spec, name);
    throw new RefusedError(`${name} was not made in ${spec.name} yet.`, {
      code: 'TENANT_NOT_THERE',
      hint: `Make it: slipway cluster apply ${spec.name}`,
    });
  }
  const options = { signal: context.signal };
  const account = { namespace: platformOf(name), name: 'tenant' };
  const { token, expires } = await api.kube.accountToken(account, seconds, options);
  const { namespaceKubeconfig } = await import('../../workspace/own-kubeconfig.js');
  const own = (await folder.kubeconfig())!;
  return { kubeconfig: namespaceKubeconfig(own, { name: `${name}@${spec.name}`, namespace: name, token }), expires };
}
