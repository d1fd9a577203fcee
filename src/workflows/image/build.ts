import {
  type DesiredMachine,
  diffMachines,
  groupsOf,
  imagePool,
  imagePrefix,
  labelKeys,
  type Machine,
  machineLabels,
  machineName,
  newStandby,
  preparedImageName,
  sealedStandby,
  slotLabel,
} from '../../domain/index.js';
import { from, known, type Later, needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import { keyLost } from '../../phases/lost-key.js';
import type { PreparedImage } from '../../provider/images.js';
import type {
  CallOptions,
  ClusterRequest,
  CreatedResource,
  InfrastructureIds,
  InfrastructureResource,
} from '../../provider/port.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { throwProblems } from '../cluster/preflight.js';
import { toolsFor } from '../cluster/tools.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { type ImageMaker, imageMaker, listImages, smallestType } from './images.js';

const phase = 'Build image';

export interface ImageBuildInput {
  readonly cluster: string;
  /** Undefined: of the cluster's types the one with the smallest disk. */
  readonly type: string | undefined;
  readonly location: string | undefined;
  /** What it is made from; undefined: the provider's default. */
  readonly base: string | undefined;
  readonly dryRun: boolean;
}

export interface ImageBuildResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** As a cluster file names it. */
  readonly name: string;
  readonly type: string;
  /** Undefined in a dry run of one that is to be made. */
  readonly image: PreparedImage | undefined;
  readonly steps: readonly StepInfo[];
}

interface Draft {
  readonly name: string;
  readonly type: string;
  readonly location: string;
  /** One that is there already. */
  readonly image: PreparedImage | undefined;
  readonly steps: readonly Step[];
}

/**
 * Makes an image with the release that a cluster runs, from a machine that is made for it and never becomes a node. That
 * machine is one of the cluster until it is deleted: whatever a run that was stopped leaves, `plan` names and `apply` removes,
 * and the same command goes on with.
 * @throws RefusedError codes IMAGES_UNSUPPORTED, SSH_KEY_LOST; UsageError codes BAD_USAGE and all that is wrong with the request
 */
export async function buildImage(
  context: WorkflowContext,
  input: ImageBuildInput,
  retryCommand: string,
): Promise<ImageBuildResult> {
  const { folder } = await knownCluster(context.workspace, input.cluster);
  const operation = 'image build';
  const draft = (looking: WorkflowContext): Promise<Draft> => draftImage(looking, input);
  const result = ({ name, type, image, steps }: Draft): ImageBuildResult => ({
    cluster: input.cluster,
    dryRun: input.dryRun,
    name,
    type,
    image,
    steps: steps.map(stepInfo),
  });
  if (input.dryRun) return result(await draft(context));
  const confirmation = (found: Draft): Promise<Confirmation | undefined> => Promise.resolve(confirmationOf(found));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (found, _, { admit }) => {
    if (found.steps.length === 0) return result(found);
    await execute(context, folder, operation, found.steps, retryCommand, admit);
    const made = (await listImages(context, input.cluster)).find((one) => one.name === found.name && one.ready);
    return { ...result(found), image: found.image ?? made };
  });
}

function confirmationOf({ name, type, location, image, steps }: Draft): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  return {
    question: image ? `Delete what was left of building ${name}?` : `Build ${name} with a ${type} in ${location}?`,
    details: [
      ...steps.map(({ target, text }) => `${target}: ${text}`),
      ...(image ? [] : ['The machine is paid for while it is there, and the image by its size until it is deleted.']),
    ],
    flags: '--yes',
    harmless: image === undefined,
  };
}

interface Builder {
  readonly context: WorkflowContext;
  readonly provider: ImageMaker;
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly desired: DesiredMachine;
}

async function draftImage(context: WorkflowContext, input: ImageBuildInput): Promise<Draft> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  const { spec } = record;
  const provider = await imageMaker(context, record);
  const distribution = await context.distribution(spec.kubernetes.distribution);
  if (!distribution.images)
    throw new RefusedError(`Machines of ${distribution.name} are not made from images of ours.`, {
      code: 'IMAGES_UNSUPPORTED',
      hint: 'Leave `image` out of the cluster file.',
    });
  const options = { signal: context.signal };
  const [machines, images, catalog, key] = await Promise.all([
    provider.machines.list(record, options),
    provider.images.list(options),
    provider.catalog(options),
    folder.storedIdentity(),
  ]);
  if (!key) throw keyLost({ cluster: record.name, path: folder.identityPath }, machines);
  const release = record.runningVersion ?? spec.kubernetes.version;
  const name = preparedImageName(distribution.name, release);
  const groups = groupsOf(spec, provider.defaults);
  const location = input.location ?? groups[0]!.locations[0]!;
  const types = input.type === undefined ? [...new Set(groups.flatMap((group) => group.types))] : [input.type];
  const chosen = smallestType(catalog.machineTypes, types, location);
  const type = chosen?.name ?? types[0]!;
  const base = baseOf(input.base, spec.image, provider.defaults.image);
  const left = machines.find(({ pool }) => pool === imagePool);
  const image = images.find(
    (one) => one.name === name && one.base === base && one.architecture === chosen?.architecture && one.ready,
  );
  const place = { pool: imagePool, role: 'worker' as const, slot: 1, generation: 1, standby: newStandby };
  const machine: DesiredMachine = {
    ...place,
    name: machineName(record, place),
    types: [type],
    location,
    image: base,
    labels: machineLabels(record, place, spec.kubernetes.distribution),
  };
  const builder: Builder = { context, provider, folder, record, desired: machine };
  const shared = { name, type, location, image };
  const self = await ownAddress(provider, spec, context.signal);
  const comparison = diffMachines(record, spec, provider.defaults, machines);
  const request = requestFor(provider, { cluster: record, spec, sshPublicKey: key.publicKey, self }, comparison);
  const ground = await foundation(builder, request, options);
  if (image) return { ...shared, steps: left ? [deletion(builder, known(left), [], ground)] : [] };
  if (left?.standby === sealedStandby) {
    const keep = keeping(builder, known(left), name, base, []);
    return { ...shared, steps: [keep, deletion(builder, known(left), [keep], ground)] };
  }
  throwProblems(await provider.preflight({ ...request, machines: [machine] }, options));
  // Of one that was not finished nobody knows how far it came, and who made it may be shut out already.
  const anew = left ? [discarding(builder, left)] : [];
  const create: Step<Machine> = {
    id: `create:${machine.name}`,
    phase,
    target: slotLabel(machine),
    text: `create ${type} in ${location}, for as long as the image takes`,
    needs: [...ground.steps, ...anew],
    apply: async (run) =>
      provider.machines.create(
        machine,
        await context.cloudInit({
          hostname: machine.name,
          sshPublicKey: key.publicKey,
          hostKey: await folder.firstHostKey(machine.name),
        }),
        ground.made(run),
        run,
      ),
  };
  const tools = toolsFor(context, provider, folder);
  const prepared = (await distribution.images()).prepare({ spec, tools }, machine, release, from(create));
  const keep = keeping(builder, from(create), name, base, prepared);
  const end = deletion(builder, from(create), [keep], ground);
  return { ...shared, steps: [...ground.steps, ...anew, create, ...prepared, keep, end] };
}

/** @throws UsageError code BAD_USAGE where an image of ours would be made from one of ours */
function baseOf(asked: string | undefined, ofFile: string | undefined, usual: string): string {
  const base = asked ?? (ofFile?.startsWith(imagePrefix) ? usual : (ofFile ?? usual));
  if (!base.startsWith(imagePrefix)) return base;
  throw new UsageError(`${base} is an image that Slipway made; another one is not made from it.`, {
    code: 'BAD_USAGE',
    hint: `Name an image of the provider’s: --base ${usual}`,
  });
}

interface Foundation {
  readonly steps: readonly Step[];
  readonly made: (run: StepContext) => InfrastructureIds;
  /** Ids at the provider of what is there for this machine alone, and goes with it. */
  readonly own: (run: StepContext) => readonly string[];
}

/** What the machine stands on: the cluster's, and what a pool that no file has needs beside. */
async function foundation(
  { provider, desired }: Builder,
  request: ClusterRequest,
  options: CallOptions,
): Promise<Foundation> {
  const [usual, all] = await Promise.all([
    provider.infrastructure.plan(request, options),
    provider.infrastructure.plan({ ...request, machines: [...request.machines, desired] }, options),
  ]);
  const needed = provider.infrastructure.neededBy(desired, all);
  const steps = new Map<string, Step<CreatedResource>>();
  const there = ({ id, ready }: InfrastructureResource, run: StepContext): CreatedResource | undefined => {
    const step = steps.get(id);
    return step ? run.outputIfDone(step) : ready;
  };
  const made = (run: StepContext): InfrastructureIds =>
    new Map(
      needed.flatMap((resource) => {
        const found = there(resource, run);
        return found ? [[resource.id, found] as const] : [];
      }),
    );
  for (const resource of needed.filter(({ ready }) => ready === undefined)) {
    steps.set(resource.id, {
      id: `infrastructure:${resource.id}`,
      phase,
      target: resource.name,
      text: resource.text,
      needs: [],
      apply: (run) => provider.infrastructure.ensure(resource, made(run), run),
    });
  }
  const alone = needed.filter(({ id }) => !usual.some((one) => one.id === id));
  return {
    steps: [...steps.values()],
    made,
    own: (run) => alone.flatMap((resource) => there(resource, run)?.id ?? []),
  };
}

function keeping(
  { provider }: Builder,
  later: Later<Machine>,
  name: string,
  base: string,
  prepared: readonly Step[],
): Step<PreparedImage> {
  return {
    id: `image:${name}`,
    phase,
    target: name,
    text: 'power the machine off and keep its disk',
    needs: [...needsOf(later), ...prepared],
    apply: async (run) => {
      const machine = valueOf(later, run);
      // From here on the disk is all that is needed: a run that is stopped goes on with it.
      const labels = { ...machine.labels, [labelKeys.standby]: sealedStandby };
      await provider.relabel(machine, { name: machine.name, labels }, run);
      await provider.powerOff(machine, run);
      return provider.images.create({ name, base, machine }, run);
    },
  };
}

function discarding(builder: Builder, machine: Machine): Step {
  return {
    ...deletion(builder, known(machine), [], undefined),
    id: `discard:${machine.name}`,
    text: `delete ${machine.name}, which a run that was stopped left unfinished`,
  };
}

/** @param ground undefined: another machine is made on it at once */
function deletion(
  { provider, folder, record, context }: Builder,
  later: Later<Machine>,
  after: readonly Step[],
  ground: Foundation | undefined,
): Step {
  return {
    id: `remove:${imagePool}`,
    phase,
    target: slotLabel({ pool: imagePool, slot: 1, standby: newStandby }),
    text: 'delete the machine',
    needs: [...needsOf(later), ...after],
    apply: async (run) => {
      const machine = valueOf(later, run);
      await context.remote.disconnect(machine.name);
      await provider.machines.delete(machine, run);
      await folder.forgetMachine(machine.name);
      const own = ground?.own(run) ?? [];
      if (own.length === 0) return;
      for (const item of await provider.infrastructure.list(record, run))
        if (own.includes(item.id)) await provider.infrastructure.remove(item, run);
    },
  };
}
