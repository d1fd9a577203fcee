import type { ClusterRef, Machine } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import { UsageError } from '../errors/index.js';
import type { ClusterMade, FoundationItem, MachineProvider } from '../provider/port.js';
import type { ClusterFolder } from '../workspace/types.js';
import { looking, note, type WorkflowContext } from './context.js';
import { knownCluster } from './known-cluster.js';
import { execute } from './reconcile.js';

export interface DeleteInput {
  readonly name: string;
  /** For a cluster that only its labels tell of: where to look. */
  readonly provider?: string | undefined;
  readonly deleteVolumes: boolean;
}

export interface DeleteResult {
  readonly cluster: string;
  readonly removed: { readonly machines: number; readonly loadBalancers: number; readonly volumes: number };
  /** Volumes that stay, and what they cost. */
  readonly keptVolumes: readonly Pick<ClusterMade, 'id' | 'name' | 'sizeGB' | 'monthly'>[];
  readonly currency: string;
}

/** Names everything that will go, asks for the cluster's name, and removes it all; volumes stay unless asked for. */
export async function deleteCluster(
  context: WorkflowContext,
  input: DeleteInput,
  retryCommand: string,
): Promise<DeleteResult> {
  const { ref, folder, provider } = await find(context, input);
  const lock = await folder.lock('cluster delete');
  try {
    looking(context, `looking at what ${ref.name} has at ${provider.title}`);
    const options = { signal: context.signal };
    const [machines, items, made, catalog] = await Promise.all([
      provider.machines.list(ref, options),
      provider.foundation.list(ref, options),
      provider.clusterMade(ref, options),
      provider.catalog(options),
    ]);
    const volumes = made.filter((item) => item.kind === 'volume');
    const balancers = made.filter((item) => item.kind === 'load-balancer');
    const going = input.deleteVolumes ? volumes : [];
    const kept = input.deleteVolumes ? [] : volumes;
    await context.reporter.confirm({
      question: `Delete the cluster ${ref.name}?`,
      details: describe(provider, machines, balancers, items, going, kept, catalog.currency),
      typed: ref.name,
      flags: `--yes --confirm ${ref.name}`,
    });
    const steps = deletionSteps(provider, { machines, balancers, items, volumes: going });
    if (steps.length > 0) await execute(context, folder, 'cluster delete', steps, retryCommand);
    for (const volume of kept) {
      note(
        context,
        `volume ${volume.name} (${volume.sizeGB ?? '?'} GB) stays and costs ${volume.monthly.toFixed(2)} ${catalog.currency} a month`,
        'warning',
      );
    }
    await folder.remove();
    return {
      cluster: ref.name,
      removed: { machines: machines.length, loadBalancers: balancers.length, volumes: going.length },
      keptVolumes: kept.map(({ id, name, sizeGB, monthly }) => ({ id, name, sizeGB, monthly })),
      currency: catalog.currency,
    };
  } finally {
    await lock.release();
  }
}

async function find(
  context: WorkflowContext,
  input: DeleteInput,
): Promise<{ ref: ClusterRef; folder: ClusterFolder; provider: MachineProvider }> {
  if (input.provider !== undefined && (await context.workspace.cluster(input.name).record()) === undefined) {
    const provider = await context.provider({ name: input.provider });
    const found = (await provider.clusters({ signal: context.signal })).find(({ name }) => name === input.name);
    if (!found) {
      throw new UsageError(`Neither this workspace nor ${provider.title} knows a cluster called ${input.name}.`, {
        code: 'UNKNOWN_CLUSTER',
        hint: 'See what is there: slipway cluster list',
      });
    }
    return { ref: found, folder: context.workspace.cluster(input.name), provider };
  }
  const { folder, record } = await knownCluster(context.workspace, input.name);
  return { ref: record, folder, provider: await context.provider(record.spec.provider) };
}

interface Going {
  readonly machines: readonly Machine[];
  readonly balancers: readonly ClusterMade[];
  readonly volumes: readonly ClusterMade[];
  readonly items: readonly FoundationItem[];
}

/** Machines first (a living cloud controller would make its balancers anew), then what the cluster made, then what all stood on. */
export function deletionSteps(
  provider: MachineProvider,
  { machines, balancers, volumes, items }: Going,
): readonly Step[] {
  const steps: Step[] = machines.map((machine) => ({
    id: `delete:${machine.name}`,
    phase: 'Delete machines',
    target: machine.name,
    text: machine.host === undefined ? 'delete the machine' : `let ${machine.host} go`,
    needs: [],
    destroys: true,
    apply: (run) => provider.machines.delete(machine, run),
  }));
  const machineIds = steps.map((step) => step.id);
  for (const item of [...balancers, ...volumes]) {
    steps.push({
      id: `made:${item.kind}:${item.id}`,
      phase: 'Remove what the cluster made',
      target: item.name,
      text: `remove the ${item.kind === 'volume' ? 'volume' : 'load balancer'}`,
      needs: machineIds,
      destroys: true,
      apply: (run) => provider.removeClusterMade(item, run),
    });
  }
  // The provider gives these in an order in which they can go; each waits for the one before.
  let before = steps.map((step) => step.id);
  for (const item of items) {
    const step: Step = {
      id: `foundation:${item.kind}:${item.id}`,
      phase: 'Remove the foundation',
      target: item.name,
      text: `remove the ${item.kind}`,
      needs: before,
      destroys: true,
      apply: (run) => provider.foundation.remove(item, run),
    };
    steps.push(step);
    before = [step.id];
  }
  return steps;
}

function describe(
  provider: MachineProvider,
  machines: readonly Machine[],
  balancers: readonly ClusterMade[],
  items: readonly FoundationItem[],
  going: readonly ClusterMade[],
  kept: readonly ClusterMade[],
  currency: string,
): string[] {
  const volume = (item: ClusterMade): string =>
    `volume ${item.name}, ${item.sizeGB ?? '?'} GB, ${item.monthly.toFixed(2)} ${currency} a month (${item.because})`;
  return [
    ...machines.map(({ name, host, type, location }) =>
      host === undefined
        ? `machine ${name}, ${type} in ${location}, with everything on its disk`
        : `machine ${name}: ${host} ${provider.machines.deletion ?? 'is let go'}`,
    ),
    ...balancers.map((item) => `load balancer ${item.name} (${item.because})`),
    ...items.map((item) => `${item.kind} ${item.name}`),
    ...going.map((item) => `${volume(item)}: its data will be lost`),
    ...kept.map((item) => `stays: ${volume(item)}`),
  ];
}
