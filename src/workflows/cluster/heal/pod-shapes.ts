import { askedOf } from '../../../components/pods.js';
import { bytesOf, milliOf } from '../../../domain/quantity.js';
import type { Amounts, DemandPod, DemandToleration } from '../../../domain/index.js';
import type { KubeObject } from '../../../kube/types.js';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}
export interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}
interface Container {
  readonly resources?: unknown;
  readonly restartPolicy?: string;
}
interface PodSpec {
  readonly nodeName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly overhead?: unknown;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly DemandToleration[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly Term[] };
    };
    readonly podAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly unknown[] };
    readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly unknown[] };
  };
  readonly topologySpreadConstraints?: readonly { readonly whenUnsatisfiable?: string }[];
  readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
}

export const podSpec = (pod: KubeObject): PodSpec => pod['spec'] ?? {};

const ownerOf = (pod: KubeObject): string | undefined =>
  (pod.metadata['ownerReferences'] as readonly { kind: string; controller?: boolean }[] | undefined)?.find(
    ({ controller }) => controller === true,
  )?.kind;

const phaseOf = (pod: KubeObject): string | undefined => (pod['status'] as { phase?: string } | undefined)?.phase;

/** Whether it takes nothing of its node any more. */
export const hasEnded = (pod: KubeObject): boolean => phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed';

/** Whether every node has such a pod: a DaemonSet's, or one that its kubelet runs from a file. */
export const isOfEveryNode = (pod: KubeObject): boolean =>
  ownerOf(pod) === 'DaemonSet' || 'kubernetes.io/config.mirror' in (pod.metadata.annotations ?? {});

/** Whether the scheduler has looked for a node for it and found none. A DaemonSet's pod is for one node only. */
export function findsNoNode(pod: KubeObject): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as {
    conditions?: readonly { type: string; status: string; reason?: string }[];
  };
  return (
    podSpec(pod).nodeName === undefined &&
    pod.metadata['deletionTimestamp'] === undefined &&
    !isOfEveryNode(pod) &&
    conditions.some(
      ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
    )
  );
}

/** What a pod takes of its node. */
export function amountsOf(pod: KubeObject): Amounts {
  const { containers = [], initContainers = [], overhead } = podSpec(pod);
  const sum = (of: readonly { cpuMilli: number; memoryMiB: number }[]) => ({
    cpuMilli: of.reduce((all, one) => all + one.cpuMilli, 0),
    memoryMiB: of.reduce((all, one) => all + one.memoryMiB, 0),
  });
  const asked = (some: readonly Container[]) => some.map(({ resources }) => askedOf(resources));
  const beside = asked(initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'));
  const first = asked(initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always'));
  const running = sum([...asked(containers), ...beside]);
  const most = (of: 'cpuMilli' | 'memoryMiB'): number => Math.max(running[of], ...first.map((one) => one[of]));
  const extra = askedOf({ requests: overhead });
  return { cpuMilli: most('cpuMilli') + extra.cpuMilli, memoryMiB: most('memoryMiB') + extra.memoryMiB, pods: 1 };
}

/** What a node has for pods; undefined while its kubelet has not told. */
export function allocatableOf(node: KubeObject): Amounts | undefined {
  const { allocatable } = (node['status'] ?? {}) as { allocatable?: Readonly<Record<string, string>> };
  const [cpu, memory] = [milliOf(allocatable?.['cpu'] ?? ''), bytesOf(allocatable?.['memory'] ?? '')];
  if (cpu === undefined || memory === undefined) return undefined;
  return { cpuMilli: cpu, memoryMiB: memory / 2 ** 20, pods: Number(allocatable?.['pods'] ?? 110) };
}

/** Names of its volume claims. */
export const claimsOf = (pod: KubeObject): readonly string[] =>
  (podSpec(pod).volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []));

/** What is known of a pod's volumes: the affinity of each that lies somewhere, or why it can start nowhere. */
export type VolumesOf = (pod: KubeObject) => readonly (readonly Term[])[] | string;

/** A pod as it is judged. */
export function demandPod(pod: KubeObject, waitedMs: number, volumesOf: VolumesOf): DemandPod {
  const spec = podSpec(pod);
  const { cpuMilli, memoryMiB } = amountsOf(pod);
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const volumes = volumesOf(pod);
  const places = typeof volumes === 'string' ? volumes : placesOf(volumes);
  const hopeless = typeof places === 'string' ? places : hopelessBecause(spec);
  return {
    uid: String(pod.metadata['uid']),
    name: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
    waitedMs,
    asks: { cpuMilli, memoryMiB },
    selector: spec.nodeSelector ?? {},
    // Fields name one node that is there; no label is called so, so that no new node matches.
    terms: terms?.map(({ matchExpressions = [], matchFields = [] }) => [...matchExpressions, ...matchFields]),
    tolerations: spec.tolerations ?? [],
    apart:
      (spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0 ||
      (spec.topologySpreadConstraints ?? []).some(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway'),
    ...(typeof places === 'string' || places === undefined ? {} : { locations: places }),
    ...(hopeless === undefined ? {} : { hopeless }),
  };
}

const hostname = 'kubernetes.io/hostname';

/** The values that volumes' affinities allow, of which a location has to be one; undefined: they lie nowhere yet. */
function placesOf(volumes: readonly (readonly Term[])[]): readonly string[] | string | undefined {
  if (volumes.length === 0) return undefined;
  const each = volumes.map((terms) => terms.flatMap(({ matchExpressions = [] }) => matchExpressions));
  if (each.some((all) => all.some(({ key }) => key === hostname))) return 'its volume is on a node’s own disk';
  return each
    .map((all) => all.flatMap(({ operator, values = [] }) => (operator === 'In' ? values : [])))
    .reduce((common, values) => common.filter((value) => values.includes(value)));
}

const usual = /^(cpu|memory|ephemeral-storage|hugepages-.*)$/;

function hopelessBecause({ containers = [], affinity }: PodSpec): string | undefined {
  if ((affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0)
    return 'it has to be beside other pods';
  const asked = containers.flatMap(({ resources }) => {
    const { requests, limits } = (resources ?? {}) as { requests?: object; limits?: object };
    return Object.keys({ ...limits, ...requests });
  });
  const other = asked.find((name) => !usual.test(name));
  return other === undefined ? undefined : `it asks for ${other}`;
}
