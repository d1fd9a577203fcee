import {
  type Comparison,
  cordonedAnnotation,
  type Demand,
  diffMachines,
  type HealMachine,
  type HealView,
  labelKeys,
  type Machine,
  noDemand,
  promotable,
  slotLabel,
} from '../../../domain/index.js';
import { SlipwayError } from '../../../errors/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi } from '../../../phases/context.js';
import { reach } from '../../../phases/reach.js';
import { canPowerOff, type MachineProvider } from '../../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';
import type { WorkflowContext } from '../../context.js';
import { type HealedPlace, healedPlaces } from './memory.js';

export interface HealTarget {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  /** Machines or hosts that are off by their owner's word. */
  readonly off: ReadonlySet<string>;
}

export interface HealLook {
  readonly view: HealView;
  /** Undefined where the provider does not answer. */
  readonly comparison: Comparison | undefined;
  readonly api: ClusterApi | undefined;
  /** As the provider lists them; none where it does not answer. */
  readonly machines: readonly Machine[];
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  /** Places of pools that scale by themselves whose machine is lost, which only their nodes tell of. */
  readonly lostPlaces: Demand['places'];
}

/** One look at both sides, with one call of the provider: what is judged by. What was asked for last counts, not a file. */
export async function lookForHealing(context: WorkflowContext, target: HealTarget): Promise<HealLook> {
  const { provider, folder, record } = target;
  const { signal } = context;
  const [machines, kubeconfig, distribution] = await Promise.all([
    listed(context, target),
    folder.kubeconfig(),
    context.distribution(record.spec.kubernetes.distribution),
  ]);
  const reached = kubeconfig && (await reach(context, kubeconfig));
  const nodes = reached?.nodes ?? new Map<string, NodeFacts>();
  const recent = reached ? await healedPlaces(reached.api.kube, { signal }) : [];
  const known = typeof machines === 'string' ? [] : machines;
  const left = leftNodes(record, known, nodes, recent);
  const lostPlaces = left.filter(({ isLeaving }) => !isLeaving);
  const demand = { ...noDemand, places: lostPlaces };
  const comparison =
    typeof machines === 'string' ? undefined : diffMachines(record, record.spec, provider.defaults, machines, demand);
  const clock = reached && (await clusterNow(reached.api, nodes, signal));
  return {
    view: {
      providerSilent: typeof machines === 'string' ? machines : undefined,
      apiAnswers: reached !== undefined,
      machines: comparison
        ? [
            ...healMachines(target, comparison, { nodes, clusterNow: clock, recent, now: context.clock.now() }),
            ...left.filter(({ isLeaving, ready }) => isLeaving && !ready).map(leavingNode),
          ]
        : [],
      members: reached && distribution.membership?.voters(nodes.values()),
      canPowerOff: canPowerOff(provider),
      ...standbysOf(comparison),
    },
    comparison,
    api: reached?.api,
    machines: known,
    nodes,
    lostPlaces,
  };
}

/** A node of a pool that scales by itself, whose machine is gone. */
interface LeftNode {
  readonly name: string;
  readonly pool: string;
  readonly slot: number;
  readonly ready: boolean;
  /** Its machine was removed on purpose by a run that was stopped. */
  readonly isLeaving: boolean;
}

/** How many machines such a pool has only they and their nodes tell: one that is lost would not be missed otherwise. */
function leftNodes(
  { name: cluster, spec }: ClusterRecord,
  machines: readonly Machine[],
  nodes: ReadonlyMap<string, NodeFacts>,
  recent: readonly HealedPlace[],
): readonly LeftNode[] {
  const names = new Set(machines.map(({ name }) => name));
  return spec.pools
    .filter(({ autoscale }) => autoscale !== undefined)
    .flatMap(({ name: pool }) =>
      [...nodes.values()].flatMap(({ name, labels, ready }): LeftNode[] => {
        if (names.has(name) || labels[labelKeys.pool] !== pool) return [];
        const [, place] = new RegExp(`^${cluster}-${pool}-(\\d+)-`).exec(name) ?? [];
        if (place === undefined) return [];
        const isLeaving = lastDone(recent, `${pool}-${place}`)?.did === 'remove';
        return [{ name, pool, slot: Number(place), ready, isLeaving }];
      }),
    );
}

const leavingNode = ({ name, pool, slot }: LeftNode): HealMachine => ({
  name,
  pool,
  place: slotLabel({ pool, slot }),
  role: 'worker',
  machine: 'gone',
  confirmedOff: false,
  node: { notReadyMs: 0 },
  isLeaving: true,
  recent: [],
});

const lastDone = (recent: readonly HealedPlace[], place: string): HealedPlace | undefined =>
  recent.filter((one) => one.place === place).at(-1);

function standbysOf(comparison: Comparison | undefined): Pick<HealView, 'standbys' | 'missingStandbys'> {
  const { current = [], missing = [] } = comparison?.standbys ?? {};
  return {
    standbys: promotable(current),
    missingStandbys: missing.map(({ name, pool, role, ...slot }) => ({
      name,
      pool,
      role,
      place: slotLabel({ pool, ...slot }),
    })),
  };
}

/** The provider's machines, or why it does not tell. */
async function listed(
  { signal }: WorkflowContext,
  { provider, record }: HealTarget,
): Promise<readonly Machine[] | string> {
  try {
    return await provider.machines.list(record, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError) return error.message;
    throw error;
  }
}

interface Known {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly clusterNow: number | undefined;
  readonly recent: readonly HealedPlace[];
  readonly now: number;
}

function healMachines(
  { provider, off }: HealTarget,
  { current, missing }: Comparison,
  { nodes, clusterNow, recent, now }: Known,
): readonly HealMachine[] {
  const nodeOf = (name: string): HealMachine['node'] => {
    const node = nodes.get(name);
    if (!node) return 'absent';
    if (node.ready) return 'ready';
    const since = Date.parse(node.notReadySince ?? '');
    return { notReadyMs: Number.isNaN(since) ? 0 : Math.max(0, (clusterNow ?? now) - since) };
  };
  const recentOf = (place: string, id: string | undefined): HealMachine['recent'] =>
    recent
      .filter((one) => one.place === place && (one.did !== 'join' || one.machine === id))
      .map(({ did, at }) => ({ did, agoMs: now - Date.parse(at) }));
  const isLeaving = ({ id, name }: Machine, place: string): boolean => {
    const last = lastDone(recent, place);
    const node = nodes.get(name);
    const isEmptied = !node || node.annotations[cordonedAnnotation] !== undefined;
    return last?.did === 'remove' && last.machine === id && isEmptied;
  };
  const shared = (machine: Pick<Machine, 'name' | 'pool' | 'slot' | 'role'> & Partial<Pick<Machine, 'id'>>) => {
    const { name, pool, role, id } = machine;
    const place = slotLabel(machine);
    return { name, pool, place, role, node: nodeOf(name), recent: recentOf(place, id) };
  };
  return [
    ...current.map((machine) => ({
      ...shared(machine),
      machine: stateOf(machine, provider),
      isLeaving: isLeaving(machine, slotLabel(machine)),
      confirmedOff: off.has(machine.name) || (machine.host !== undefined && off.has(machine.host)),
    })),
    ...missing.map((machine) => ({ ...shared(machine), machine: 'gone' as const, confirmedOff: false })),
  ];
}

function stateOf({ status }: Machine, { traits }: MachineProvider): HealMachine['machine'] {
  if (status === 'running' || status === 'off') return status;
  // Of a host only a login tells; a cloud that has no word for it is at work on the machine.
  return status === 'unknown' && !traits.ownsMachines ? 'silent' : 'changing';
}

/** The cluster's own clock, as the last heartbeat of any node shows it: this computer's may be set to anything. */
async function clusterNow(
  { kube }: ClusterApi,
  nodes: ReadonlyMap<string, NodeFacts>,
  signal: AbortSignal,
): Promise<number | undefined> {
  if ([...nodes.values()].every(({ ready }) => ready)) return undefined;
  const leases = await kube.list('coordination.k8s.io/v1', 'Lease', { namespace: 'kube-node-lease' }, { signal });
  const times = leases
    .map(({ spec }) => Date.parse(String((spec as { renewTime?: unknown } | undefined)?.renewTime)))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
