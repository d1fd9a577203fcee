import {
  type DesiredMachine,
  diffMachines,
  groupsOf,
  imagePool,
  imagePrefix,
  type Machine,
  machineLabels,
  machineName,
  newStandby,
  preparedImageName,
  sealedStandby,
  slotLabel,
} from '../../domain/index.js';
import { from, known, type Step } from '../../engine/index.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import { keyLost } from '../../phases/lost-key.js';
import type { PreparedImage } from '../../provider/images.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { throwProblems } from '../cluster/preflight.js';
import { toolsFor } from '../cluster/tools.js';
import type { WorkflowContext } from '../context.js';
import { type Builder, deletion, discarding, keeping, phase, planInfrastructure } from './build-steps.js';
import { imageMaker, smallestType } from './images.js';

export interface ImageRequest {
  readonly cluster: string;
  /** Undefined: of the cluster's types the one with the smallest disk. */
  readonly type: string | undefined;
  readonly location: string | undefined;
  /** What it is made from; undefined: the provider's default. */
  readonly base: string | undefined;
}

export interface ImageDraft {
  readonly name: string;
  readonly type: string;
  readonly location: string;
  /** One that is there already. */
  readonly image: PreparedImage | undefined;
  readonly steps: readonly Step[];
}

/** Looks at what is there and says what would be made. Changes nothing. @throws as `buildImage` */
export async function draftImage(context: WorkflowContext, input: ImageRequest): Promise<ImageDraft> {
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
  const ground = await planInfrastructure(builder, request, options);
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
