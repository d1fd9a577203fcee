import type { Secret } from '../../domain/index.js';
import { IncompleteError, messageOf, SlipwayError } from '../../errors/index.js';
import type { ClusterOwnedResource } from '../../provider/port.js';
import type { Confirmation } from '../../reporting/index.js';
import type { ClusterFolder } from '../../workspace/types.js';
import { confirmed } from '../confirmed.js';
import { progress, note, type WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { type DeletionDraft, draftDeletion, whatStays } from './deletion-draft.js';
import type { DeletionTarget } from './deletion-target.js';

export interface DeleteInput extends DeletionTarget {
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
