import { componentDeadlines } from '../../components/apply/deadlines.js';
import { inventoryName, inventoryNamespace } from '../../components/apply/inventory.js';
import type { ComponentFacts } from '../../components/apply/facts.js';
import { tenantLabel } from '../../components/tenant/names.js';
import type { Clock } from '../../domain/clock.js';
import { plural } from '../../domain/plural.js';
import { platformOf } from '../../domain/spec/tenants.js';
import type { Step } from '../../engine/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

/** All that goes with a tenant, and what stays outside of its namespaces. */
export interface TenantLoss {
  readonly tenant: string;
  /** Its namespaces that are there. */
  readonly namespaces: readonly string[];
  /** Volumes whose claims are, or were, in its namespaces. */
  readonly volumes: readonly KubeObject[];
  /** For people: `3 Deployments`, `volume claim globex/data, 10Gi`. */
  readonly lines: readonly string[];
  /** What is made outside of the cluster for it, and ends by itself or by hand. */
  readonly left: readonly string[];
}

/** Kinds that are told of by number; all others go unmentioned. */
const told = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['batch/v1', 'CronJob'],
  ['v1', 'Pod'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
] as const;

/** What is lost when a tenant goes. */
export async function lossOf(
  kube: Kube,
  tenant: string,
  facts: Pick<ComponentFacts, 'namespaces'>,
  keepVolumes: boolean,
  options: KubeOptions,
): Promise<TenantLoss> {
  const namespaces = [tenant, platformOf(tenant)].filter(
    (name) => facts.namespaces.get(name)?.metadata.labels?.[tenantLabel] === tenant,
  );
  const listIn = async (apiVersion: string, kind: string): Promise<readonly KubeObject[]> =>
    (await Promise.all(namespaces.map((namespace) => kube.list(apiVersion, kind, { namespace }, options)))).flat();
  const counts = await Promise.all(
    told.map(async ([apiVersion, kind]) => [kind, (await listIn(apiVersion, kind)).filter(isOwn).length] as const),
  );
  const [claims, ingresses, all] = await Promise.all([
    listIn('v1', 'PersistentVolumeClaim'),
    listIn('networking.k8s.io/v1', 'Ingress'),
    kube.list('v1', 'PersistentVolume', {}, options),
  ]);
  const volumes = all.filter((volume) => {
    const claim = (volume['spec'] as { claimRef?: { namespace?: string } } | undefined)?.claimRef;
    return claim?.namespace === tenant || claim?.namespace === platformOf(tenant);
  });
  const hosts = [...new Set(ingresses.flatMap(hostsOf))];
  return {
    tenant,
    namespaces,
    volumes,
    lines: [
      ...namespaces.map((name) => `namespace ${name}, with all that is in it`),
      ...counts.flatMap(([kind, count]) => (count === 0 ? [] : [plural(count, kind)])),
      ...(keepVolumes
        ? claims.map((claim) => `volume claim ${claim.metadata.namespace!}/${claim.metadata.name}; its volume stays`)
        : volumes.map((volume) => `volume ${volume.metadata.name}, ${sizeOf(volume)}, with its data`)),
    ],
    left: [
      ...hosts.map((host) => `DNS records of ${host}, unless external-dns takes them away`),
      ...(keepVolumes ? volumes.map((volume) => `volume ${volume.metadata.name}, ${sizeOf(volume)}`) : []),
    ],
  };
}

/** Not what Kubernetes puts into every namespace. */
const isOwn = ({ kind, metadata }: KubeObject): boolean =>
  !(kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt');

const sizeOf = (volume: KubeObject): string =>
  (volume['spec'] as { capacity?: { storage?: string } } | undefined)?.capacity?.storage ?? 'of unknown size';

export const hostsOf = (ingress: KubeObject): readonly string[] =>
  ((ingress['spec'] as { rules?: readonly { host?: string }[] } | undefined)?.rules ?? []).flatMap(
    ({ host }) => host ?? [],
  );

export interface RemovalTools {
  readonly kube: Kube;
  readonly clock: Clock;
}

/**
 * Takes a tenant away: first its people's rights, then what runs with its volumes, last what Slipway knew it by, so that a
 * run that is cut short is finished by the same command.
 */
export function planTenantRemoval(
  kube: Kube,
  loss: TenantLoss,
  facts: Pick<ComponentFacts, 'inventories'>,
  { keepVolumes }: { readonly keepVolumes: boolean },
): readonly Step[] {
  const { tenant, namespaces, volumes } = loss;
  const own = [...facts.inventories.values()].filter(({ owner }) => owner.kind === 'tenant' && owner.name === tenant);
  const step = (id: string, text: string, needs: readonly Step[], apply: Step['apply']): Step => ({
    id: `tenant-${id}:${tenant}`,
    phase: 'Remove tenants',
    target: tenant,
    text,
    destroys: true,
    needs,
    apply,
  });
  const steps: Step[] = [];
  const add = (id: string, text: string, apply: Step['apply']): void =>
    void steps.push(step(id, text, steps.slice(-1), apply));
  if (namespaces.includes(tenant))
    add('access', 'take its people’s rights away', async (run) => {
      for (const name of ['slipway-change', 'slipway-look'])
        await kube.delete(
          { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name, namespace: tenant } },
          run,
        );
    });
  if (!keepVolumes && volumes.length > 0)
    add(
      'volumes',
      `let ${plural(volumes.length, 'volume')} go with ${volumes.length === 1 ? 'its claim' : 'their claims'}`,
      async (run) => {
        for (const volume of volumes)
          await kube.patch(
            {
              apiVersion: 'v1',
              kind: 'PersistentVolume',
              metadata: { name: volume.metadata.name },
              spec: { persistentVolumeReclaimPolicy: 'Delete' },
            },
            run,
          );
      },
    );
  for (const namespace of namespaces)
    add(`namespace-${namespace}`, `delete namespace ${namespace}`, (run) => removeNamespace(kube, namespace, run));
  if (!keepVolumes && volumes.length > 0) add('gone', 'see its volumes gone', (run) => untilGone(kube, volumes, run));
  if (own.length > 0)
    add('record', 'forget it', async (run) => {
      for (const { id } of own)
        await kube.delete(
          { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: inventoryName(id), namespace: inventoryNamespace } },
          run,
        );
    });
  return steps;
}

async function removeNamespace(kube: Kube, name: string, run: KubeOptions): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await kube.delete(ref, run);
  await kube.until(
    {
      what: `namespace ${name} to be gone`,
      code: 'NAMESPACE_NOT_GONE',
      kinds: [{ apiVersion: 'v1', kind: 'Namespace' }],
      check: (view) => (view.get(ref) ? undefined : true),
    },
    { ...run, deadlineMs: componentDeadlines.gone, hint: 'Run the same command again.' },
  );
}

async function untilGone(kube: Kube, volumes: readonly KubeObject[], run: KubeOptions): Promise<void> {
  await kube.until(
    {
      what: `${plural(volumes.length, 'volume')} to be gone`,
      code: 'TENANT_VOLUMES_LEFT',
      kinds: [{ apiVersion: 'v1', kind: 'PersistentVolume' }],
      check: (view, say) => {
        const left = volumes.filter(({ metadata: { name } }) =>
          view.get({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } }),
        );
        if (left.length === 0) return true;
        say(`${left.map(({ metadata }) => metadata.name).join(', ')} are there`);
        return undefined;
      },
    },
    { ...run, deadlineMs: componentDeadlines.gone, hint: 'Run the same command again.' },
  );
}
