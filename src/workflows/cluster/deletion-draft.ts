import { type ClusterRef, plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { ClusterOwnedResource, MachineProvider } from '../../provider/port.js';
import { progress, type WorkflowContext } from '../context.js';
import { type Deletion, type DeletionSteps, deletionSteps } from './deletion-steps.js';
import { type DeletionTarget, findTarget } from './deletion-target.js';
import { toolsFor } from './tools.js';

/** Everything that will go, and how. */
export interface DeletionDraft extends Deletion, DeletionSteps {
  readonly ref: ClusterRef;
  readonly provider: MachineProvider;
  readonly currency: string;
  /** What `ownSteps` would be now. */
  readonly stepsLeft: () => Promise<readonly Step[]>;
}

/** Looks at all that there is of a cluster. Changes nothing. @throws as `findTarget` */
export async function draftDeletion(
  context: WorkflowContext,
  input: DeletionTarget & { readonly deleteVolumes: boolean },
): Promise<DeletionDraft> {
  const { ref, provider, distribution } = await findTarget(context, input);
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

/**
 * The proof: what the provider still lists once all steps are done. Returns the volumes that were to stay.
 * @throws IncompleteError code LEFT_BEHIND, naming each thing that was to go
 */
export async function whatStays(
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
