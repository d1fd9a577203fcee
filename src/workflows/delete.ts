import type { ClusterRef, Machine } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import { RefusedError, UsageError } from '../errors/index.js';
import type { ClusterMade, FoundationItem, MachineProvider } from '../provider/port.js';
import type { ProviderSection } from '../provider/registry.js';
import type { ClusterFolder } from '../workspace/types.js';
import { looking, note, type WorkflowContext } from './context.js';
import { knownCluster } from './known-cluster.js';
import { throwProblems } from './preflight.js';
import { execute } from './reconcile.js';

export interface DeleteInput {
  readonly name: string;
  /** For a cluster that only its labels tell of: where to look. */
  readonly provider?: string | undefined;
  /** The same from a cluster file, which counts for a known cluster too. */
  readonly section?: ProviderSection | undefined;
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
  { name, provider: providerName, section }: DeleteInput,
): Promise<{ ref: ClusterRef; folder: ClusterFolder; provider: MachineProvider }> {
  const folder = context.workspace.cluster(name);
  const record = await folder.record();
  const where = section ?? (record || providerName === undefined ? undefined : { name: providerName });
  if (where === undefined) {
    const known = (await knownCluster(context.workspace, name)).record;
    return { ref: known, folder, provider: await context.provider(known.spec.provider) };
  }
  if (record && record.spec.provider.name !== where.name) {
    throw new RefusedError(`${name} is at ${record.spec.provider.name}, but the file says ${where.name}.`, {
      code: 'OTHER_CLUSTER',
      hint: `This workspace knows the cluster, so no file is needed: slipway cluster delete ${name}`,
    });
  }
  const provider = await context.provider(where);
  looking(context, `looking for ${name} at ${provider.title}`);
  const found = await provider.clusters({ signal: context.signal });
  const namesakes: readonly ClusterRef[] = found.filter((cluster) => cluster.name === name);
  const strangers = namesakes.filter(({ id }) => id !== record?.id);
  const refs = record ? [record, ...strangers] : strangers;
  if (refs.length > 1) throw await severalClusters(context, provider, name, refs, record !== undefined);
  if (!record) {
    // One that is silent may be a machine of this very cluster: it would stay taken, and nobody would know.
    throwProblems((await provider.unasked?.({ signal: context.signal })) ?? []);
  }
  const [ref] = refs;
  if (ref) return { ref, folder, provider };
  const others = [...new Set(found.map((cluster) => cluster.name))];
  throw new UsageError(`Neither this workspace nor ${provider.title} knows a cluster called ${name}.`, {
    code: 'UNKNOWN_CLUSTER',
    hint:
      others.length > 0
        ? `There ${others.length === 1 ? 'is' : 'are'}: ${others.join(', ')}.`
        : 'No cluster was found there, so there is nothing to delete.',
  });
}

/** Clusters of one name, each with its machines. @param known whether the first is the workspace's */
async function severalClusters(
  { signal }: WorkflowContext,
  provider: MachineProvider,
  name: string,
  refs: readonly ClusterRef[],
  known: boolean,
): Promise<RefusedError> {
  const lists = await Promise.all(refs.map((ref) => provider.machines.list(ref, { signal })));
  const onHosts = lists.flat().some(({ host }) => host !== undefined);
  const remedies = [
    ...(known ? [`Delete the one that this workspace knows first: slipway cluster delete ${name}`] : []),
    onHosts
      ? 'To delete one that no workspace knows, leave only its hosts in the file, and no more machines than those.'
      : 'Delete each where it was created.',
  ];
  return new RefusedError(`There are ${refs.length} clusters called ${name} at ${provider.title}.`, {
    code: 'SEVERAL_CLUSTERS',
    hint: remedies.join(' '),
    details: refs.map(({ id }, index) => {
      const machines = lists[index]!.map((machine) =>
        machine.host === undefined ? machine.name : `${machine.name} (${machine.host})`,
      );
      const whose = known && index === 0 ? ', which this workspace knows' : '';
      return `${id}${whose}: ${machines.join(', ') || 'no machines'}`;
    }),
  });
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
