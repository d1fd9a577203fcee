import type { Clock, ClusterRef, Machine } from '../../domain/index.js';
import type { Step, StepContext } from '../../engine/index.js';
import type { ClusterOwnedResource, ExistingResource, MachineProvider } from '../../provider/port.js';

export interface Deletion {
  readonly machines: readonly Machine[];
  readonly balancers: readonly ClusterOwnedResource[];
  readonly volumes: readonly ClusterOwnedResource[];
  readonly items: readonly ExistingResource[];
  /** What removes the cluster's own Kubernetes, where that is not on its machines. */
  readonly ownSteps: readonly Step[];
  /** Volumes go too, those that are found later included. */
  readonly deleteVolumes: boolean;
}

export interface DeletionSteps {
  readonly steps: readonly Step[];
  /** What came into being after `Deletion` was looked up. */
  foundLate(): readonly ClusterOwnedResource[];
}

/** How long a cloud may take until something that was just made is listed: ms between two looks. */
const betweenLooks = 1_000;

/**
 * First a mark on what the cluster made, as much of it is known by its machines alone. Then the machines (a living cloud
 * controller would make its balancers anew), what the cluster made, another look for what it made until its machines were
 * gone, and last what all stood on.
 */
export function deletionSteps(
  provider: MachineProvider,
  cluster: ClusterRef,
  clock: Clock,
  deletion: Deletion,
): DeletionSteps {
  const late = new Map<string, ClusterOwnedResource>();
  const known = new Set([...deletion.balancers, ...deletion.volumes].map(keyOf));
  /** Looks once more, marks what is there, and takes note of what was not there before. */
  const look = async (run: StepContext): Promise<readonly ClusterOwnedResource[]> => {
    const found = await provider.ownedResources(cluster, run);
    for (const item of found) {
      if (!known.has(keyOf(item))) late.set(keyOf(item), item);
      await provider.labelOwnedResource(cluster, item, run);
    }
    return found;
  };
  const mark: Step = {
    id: 'made:mark',
    phase: 'Mark what the cluster made',
    target: cluster.name,
    text: 'look for what the cluster made since, and label it as the cluster’s',
    needs: [],
    apply: look,
  };
  const steps: Step[] = deletion.machines.map((machine) => ({
    id: `delete:${machine.name}`,
    phase: 'Delete machines',
    target: machine.name,
    text: machine.host === undefined ? 'delete the machine' : `release ${machine.host}`,
    needs: [mark],
    destroys: true,
    apply: (run) => provider.machines.delete(machine, run),
  }));
  steps.unshift(mark);
  steps.push(...deletion.ownSteps);
  const machinesGone = [...steps];
  const { balancers, volumes, deleteVolumes } = deletion;
  for (const item of [...balancers, ...(deleteVolumes ? volumes : [])]) {
    steps.push({
      id: `made:${item.kind}:${item.id}`,
      phase: 'Remove what the cluster made',
      target: item.name,
      text: `remove the ${kindText(item)}`,
      needs: machinesGone,
      destroys: true,
      apply: (run) => provider.removeOwnedResource(item, run),
    });
  }
  const sweep: Step = {
    id: 'made:again',
    phase: 'Remove what the cluster made',
    target: cluster.name,
    text: 'look for what the cluster made until its machines were gone, and remove it',
    needs: [...steps],
    destroys: true,
    apply: (run) => removeLatecomers(provider, clock, deletion, look, run),
  };
  steps.push(sweep);
  // The provider gives these in an order in which they can go; each waits for the one before.
  let before = sweep;
  for (const item of deletion.items) {
    const step: Step = {
      id: `infrastructure:${item.kind}:${item.id}`,
      phase: 'Remove infrastructure',
      target: item.name,
      text: `remove the ${item.kind}`,
      needs: [before],
      destroys: true,
      apply: (run) => provider.infrastructure.remove(item, run),
    };
    steps.push(step);
    before = step;
  }
  return { steps, foundLate: () => [...late.values()] };
}

const kindText = ({ kind }: ClusterOwnedResource): string => (kind === 'volume' ? 'volume' : 'load balancer');
const keyOf = ({ kind, id }: ClusterOwnedResource): string => `${kind}:${id}`;

/**
 * Looks and removes until two looks in a row find nothing. One is not enough: a request of the cluster's controllers may
 * be on its way when the last machine ends. Volumes that are to stay are only marked.
 */
async function removeLatecomers(
  provider: MachineProvider,
  clock: Clock,
  { volumes, deleteVolumes }: Deletion,
  look: (run: StepContext) => Promise<readonly ClusterOwnedResource[]>,
  run: StepContext,
): Promise<void> {
  const staying = new Set(deleteVolumes ? [] : volumes.map(keyOf));
  for (let empty = 0; empty < 2;) {
    const fresh = (await look(run)).filter((item) => !staying.has(keyOf(item)));
    for (const item of fresh) {
      if (item.kind === 'volume' && !deleteVolumes) {
        staying.add(keyOf(item));
        continue;
      }
      run.progress(`removing the ${kindText(item)} ${item.name}, which was made meanwhile`);
      await provider.removeOwnedResource(item, run);
    }
    empty = fresh.length === 0 ? empty + 1 : 0;
    if (empty < 2) await clock.sleep(betweenLooks, run.signal);
  }
}
