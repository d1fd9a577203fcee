import { IncompleteError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

/** What runs pods, and can be stopped from here. */
export interface Workload {
  readonly kind: 'StatefulSet' | 'Deployment';
  readonly namespace: string;
  readonly name: string;
  /** How many pods it is to have. */
  readonly replicas: number;
}

/** Milliseconds for pods to end. */
const stopMs = 600_000;
const apps = 'apps/v1';

const ownersOf = ({ metadata }: KubeObject): readonly { readonly kind: string; readonly name: string }[] =>
  (metadata['ownerReferences'] ?? []) as readonly { readonly kind: string; readonly name: string }[];

/** Of a Deployment there is a ReplicaSet in between. */
function ownedBy(pod: KubeObject, replicaSets: readonly KubeObject[]): Pick<Workload, 'kind' | 'name'> | undefined {
  for (const { kind, name } of ownersOf(pod)) {
    if (kind === 'StatefulSet') return { kind, name };
    const set = kind === 'ReplicaSet' ? replicaSets.find(({ metadata }) => metadata.name === name) : undefined;
    const deployment = set && ownersOf(set).find((owner) => owner.kind === 'Deployment');
    if (deployment) return { kind: 'Deployment', name: deployment.name };
  }
  return undefined;
}

/** What runs each of these pods of one namespace, by their names; pods that something else runs are not in it. */
export async function workloadsOf(
  kube: Kube,
  namespace: string,
  pods: readonly KubeObject[],
  options: KubeOptions,
): Promise<ReadonlyMap<string, Workload>> {
  const [replicaSets, ...found] = await Promise.all([
    kube.list(apps, 'ReplicaSet', { namespace }, options),
    kube.list(apps, 'StatefulSet', { namespace }, options),
    kube.list(apps, 'Deployment', { namespace }, options),
  ]);
  const kinds = ['StatefulSet', 'Deployment'] as const;
  const all = kinds.flatMap((kind, index) =>
    found[index]!.map((object): Workload => {
      const { replicas = 1 } = (object['spec'] ?? {}) as { readonly replicas?: number };
      return { kind, namespace, name: object.metadata.name, replicas };
    }),
  );
  return new Map(
    pods.flatMap((pod) => {
      const owner = ownedBy(pod, replicaSets);
      const workload = all.find(({ kind, name }) => kind === owner?.kind && name === owner.name);
      return workload ? [[pod.metadata.name, workload] as const] : [];
    }),
  );
}

/** @throws IncompleteError code DRILL_INCOMPLETE */
export async function scale(
  kube: Kube,
  { kind, namespace, name }: Workload,
  replicas: number,
  options: KubeOptions,
): Promise<void> {
  const metadata = { namespace, name };
  if (await kube.patch({ apiVersion: apps, kind, metadata, spec: { replicas } }, options)) return;
  throw new IncompleteError(`The ${kind} ${namespace}/${name} is gone.`, {
    code: 'DRILL_INCOMPLETE',
    hint: 'Make it again.',
  });
}

/** Scales it to none, and waits until its last pod has ended. @throws IncompleteError code DRILL_INCOMPLETE */
export async function stop(kube: Kube, workload: Workload, options: KubeOptions): Promise<void> {
  const { kind, namespace, name } = workload;
  await scale(kube, workload, 0, options);
  await kube.until(
    {
      what: `the pods of ${namespace}/${name} to end`,
      code: 'DRILL_INCOMPLETE',
      kinds: [
        { apiVersion: 'v1', kind: 'Pod', namespace },
        { apiVersion: apps, kind: 'ReplicaSet', namespace },
      ],
      check: (view, say) => {
        const replicaSets = view.all({ apiVersion: apps, kind: 'ReplicaSet' });
        const left = view.all({ apiVersion: 'v1', kind: 'Pod' }).filter((pod) => {
          const owner = ownedBy(pod, replicaSets);
          return owner?.kind === kind && owner.name === name;
        });
        say(left.map(({ metadata }) => metadata.name).join(', '));
        return left.length === 0 ? true : undefined;
      },
    },
    { ...options, deadlineMs: stopMs, hint: 'See what holds them: kubectl describe pod' },
  );
}
