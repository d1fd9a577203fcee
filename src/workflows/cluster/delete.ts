import type { Distribution } from '../../distributions/port.js';
import { type ClusterRef, plural, type Secret } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError, messageOf, RefusedError, SlipwayError, UsageError } from '../../errors/index.js';
import type { ClusterOwnedResource, FoundCluster, MachineProvider } from '../../provider/port.js';
import type { ProviderSection } from '../../provider/package.js';
import type { Confirmation } from '../../reporting/index.js';
import type { ClusterFolder } from '../../workspace/types.js';
import { confirmed } from '../confirmed.js';
import { progress, note, type WorkflowContext } from '../context.js';
import { distributionOf } from './distribution-of.js';
import { type Deletion, type DeletionSteps, deletionSteps } from './deletion-steps.js';
import { knownCluster } from './known-cluster.js';
import { throwProblems } from './preflight.js';
import { execute } from '../run.js';
import { toolsFor } from './tools.js';

export interface DeleteInput {
  readonly name: string;
  /** For a cluster that only its labels tell of: where to look. */
  readonly provider?: string | undefined;
  /** The same from a cluster file, which counts for a known cluster too. */
  readonly section?: ProviderSection | undefined;
  readonly deleteVolumes: boolean;
  /** Takes the entries of this kubeconfig out of the person's own, where they were merged in. */
  readonly dropFromUserKubeconfig: (kubeconfig: Secret) => Promise<void>;
}

export interface DeleteResult {
  readonly cluster: string;
  readonly removed: { readonly machines: number; readonly loadBalancers: number; readonly volumes: number };
  /** What a last look found of the cluster at the provider: nothing but the volumes that were to stay. */
  readonly left: {
    readonly machines: number;
    readonly loadBalancers: number;
    readonly volumes: number;
    /** Networks, firewalls, SSH keys and the like. */
    readonly infrastructure: number;
  };
  /** Volumes that stay, and what they cost. */
  readonly keptVolumes: readonly Pick<ClusterOwnedResource, 'id' | 'name' | 'sizeGB' | 'monthly'>[];
  readonly currency: string;
}

/** Names everything that will go, asks for the cluster's name, and removes it all; volumes stay unless asked for. */
export async function deleteCluster(
  context: WorkflowContext,
  input: DeleteInput,
  retryCommand: string,
): Promise<DeleteResult> {
  const folder = context.workspace.cluster(input.name);
  const operation = 'cluster delete';
  const change = {
    folder,
    operation,
    retryCommand,
    draft: (looking: WorkflowContext) => draftDeletion(looking, input),
    confirmation: (draft: DeletionDraft) => Promise.resolve(confirmationOf(draft)),
  };
  return confirmed(context, change, async (draft, _once, run) => {
    const { ref, provider } = draft;
    await execute(context, folder, operation, draft.steps, retryCommand, run.admit);
    run.clusterIsGone();
    progress(context, `looking at what is left of ${ref.name} at ${provider.title}`);
    const stay = await whatStays(context, draft, retryCommand);
    for (const volume of stay) {
      note(
        context,
        `volume ${volume.name} (${volume.sizeGB ?? '?'} GB) stays and costs ${volume.monthly.toFixed(2)} ${draft.currency} a month`,
        'warning',
      );
    }
    await dropKubeconfigEntries(folder, input, retryCommand);
    // The last to go: until here the same command finishes what is left.
    await folder.remove();
    return resultOf(draft, stay);
  });
}

/** Everything that will go, and how. */
interface DeletionDraft extends Deletion, DeletionSteps {
  readonly ref: ClusterRef;
  readonly provider: MachineProvider;
  readonly currency: string;
  /** What `ownSteps` would be now. */
  readonly stepsLeft: () => Promise<readonly Step[]>;
}

async function draftDeletion(context: WorkflowContext, input: DeleteInput): Promise<DeletionDraft> {
  const { ref, provider, distribution } = await find(context, input);
  progress(context, `looking at what ${ref.name} has at ${provider.title}`);
  const options = { signal: context.signal };
  const tools = toolsFor(context, provider, context.workspace.cluster(input.name));
  const ownSteps = async (): Promise<readonly Step[]> => (await distribution.deletion?.(tools, ref, options)) ?? [];
  const [machines, items, made, catalog, own] = await Promise.all([
    provider.machines.list(ref, options),
    provider.infrastructure.list(ref, options),
    provider.ownedResources(ref, options),
    provider.catalog(options),
    ownSteps(),
  ]);
  const deletion: Deletion = {
    machines,
    balancers: made.filter((item) => item.kind === 'load-balancer'),
    items,
    volumes: made.filter((item) => item.kind === 'volume'),
    ownSteps: own,
    deleteVolumes: input.deleteVolumes,
  };
  const { currency } = catalog;
  const steps = deletionSteps(provider, ref, context.clock, deletion);
  return { ...deletion, ...steps, ref, provider, currency, stepsLeft: ownSteps };
}

/** @param stay volumes that were to stay */
function resultOf(draft: DeletionDraft, stay: readonly ClusterOwnedResource[]): DeleteResult {
  const { ref, machines, balancers, volumes, deleteVolumes, currency } = draft;
  const stays = new Set(stay.map(({ id }) => id));
  const removedOf = (kind: ClusterOwnedResource['kind']): number =>
    [...balancers, ...(deleteVolumes ? volumes : []), ...draft.foundLate()].filter(
      (item) => item.kind === kind && (kind !== 'volume' || !stays.has(item.id)),
    ).length;
  return {
    cluster: ref.name,
    removed: {
      machines: machines.length,
      loadBalancers: removedOf('load-balancer'),
      volumes: removedOf('volume'),
    },
    left: { machines: 0, loadBalancers: 0, volumes: stay.length, infrastructure: 0 },
    keptVolumes: stay.map(({ id, name, sizeGB, monthly }) => ({ id, name, sizeGB, monthly })),
    currency,
  };
}

/**
 * The proof: what the provider still lists once all steps are done. Returns the volumes that were to stay.
 * @throws IncompleteError code LEFT_BEHIND, naming each thing that was to go
 */
async function whatStays(
  { signal }: WorkflowContext,
  { provider, ref, deleteVolumes, stepsLeft }: DeletionDraft,
  retryCommand: string,
): Promise<readonly ClusterOwnedResource[]> {
  const [machines, items, made, own] = await Promise.all([
    provider.machines.list(ref, { signal }),
    provider.infrastructure.list(ref, { signal }),
    provider.ownedResources(ref, { signal }),
    stepsLeft(),
  ]);
  const volumes = made.filter(({ kind }) => kind === 'volume');
  const left = [
    ...machines.map(({ name }) => `machine ${name}`),
    ...own.map(({ target }) => target),
    ...made.filter(({ kind }) => kind === 'load-balancer').map(({ name }) => `load balancer ${name}`),
    ...(deleteVolumes ? volumes.map(({ name }) => `volume ${name}`) : []),
    ...items.map(({ kind, name }) => `${kind} ${name}`),
  ];
  if (left.length === 0) return volumes;
  throw new IncompleteError(
    `${ref.name} is not gone: ${provider.title} still lists ${plural(left.length, 'resource')}.`,
    {
      code: 'LEFT_BEHIND',
      details: left,
      hint: `Something may have made them meanwhile. Run it again: ${retryCommand}`,
    },
  );
}

/** @throws IncompleteError code KUBECONFIG_NOT_CLEANED: the workspace, which knows what was merged, stays until it is */
async function dropKubeconfigEntries(folder: ClusterFolder, input: DeleteInput, retryCommand: string): Promise<void> {
  const kubeconfig = await folder.kubeconfig();
  if (kubeconfig === undefined) return;
  try {
    await input.dropFromUserKubeconfig(kubeconfig);
  } catch (error) {
    const { hint } = error instanceof SlipwayError ? error : { hint: undefined };
    throw new IncompleteError(
      `${input.name} is deleted, but its entries in your kubeconfig are not: ${messageOf(error)}`,
      {
        code: 'KUBECONFIG_NOT_CLEANED',
        hint: hint ?? `Run it again once the file can be changed: ${retryCommand}`,
        cause: error,
      },
    );
  }
}

async function find(
  context: WorkflowContext,
  { name, provider: providerName, section }: DeleteInput,
): Promise<{ ref: ClusterRef; provider: MachineProvider; distribution: Distribution }> {
  const record = await context.workspace.cluster(name).record();
  const where = section ?? (record || providerName === undefined ? undefined : { name: providerName });
  if (where === undefined) {
    const known = (await knownCluster(context.workspace, name)).record;
    const { provider: own, kubernetes } = known.spec;
    const [provider, distribution] = [await context.provider(own), await context.distribution(kubernetes.distribution)];
    return { ref: known, provider, distribution };
  }
  if (record && record.spec.provider.name !== where.name) {
    throw new RefusedError(`${name} is at ${record.spec.provider.name}, but the file says ${where.name}.`, {
      code: 'OTHER_CLUSTER',
      hint: `This workspace knows the cluster, so no file is needed: slipway cluster delete ${name}`,
    });
  }
  const provider = await context.provider(where);
  progress(context, `looking for ${name} at ${provider.title}`);
  const found = await provider.clusters({ signal: context.signal });
  const namesakes = found.filter((cluster) => cluster.name === name);
  const known = record && (namesakes.find(({ id }) => id === record.id) ?? { name, id: record.id });
  const unknown = namesakes.filter(({ id }) => id !== record?.id);
  const refs: readonly (ClusterRef & Pick<FoundCluster, 'distribution'>)[] = known ? [known, ...unknown] : unknown;
  if (refs.length > 1) throw await severalClusters(context, provider, name, refs, record !== undefined);
  if (!record) {
    // One that is silent may be a machine of this very cluster: it would stay taken, and nobody would know.
    throwProblems(await provider.unreachable({ signal: context.signal }));
  }
  const [ref] = refs;
  if (ref) return { ref, provider, distribution: await distributionOf(context, ref, record?.spec) };
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

function confirmationOf({
  ref,
  provider,
  machines,
  balancers,
  items,
  volumes,
  ownSteps,
  deleteVolumes,
  currency,
}: DeletionDraft): Confirmation {
  const volume = (item: ClusterOwnedResource): string =>
    `volume ${item.name}, ${item.sizeGB ?? '?'} GB, ${item.monthly.toFixed(2)} ${currency} a month (${item.because})`;
  return {
    question: `Delete the cluster ${ref.name}?`,
    details: [
      ...machines.map((machine) => `machine ${machine.name}: ${provider.machines.describeDeletion(machine)}`),
      ...ownSteps.map(({ target, text }) => `${target}: ${text}`),
      ...balancers.map((item) => `load balancer ${item.name} (${item.because})`),
      ...items.map((item) => `${item.kind} ${item.name}`),
      ...volumes.map((item) => (deleteVolumes ? `${volume(item)}: its data will be lost` : `stays: ${volume(item)}`)),
    ],
    typed: ref.name,
    flags: `--yes --confirm ${ref.name}`,
  };
}
