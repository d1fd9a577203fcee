import { groupsOf } from '../../domain/index.js';
import type { MachineType } from '../../provider/port.js';
import { canKeepImages, type ImageKeeping, type PreparedImage } from '../../provider/images.js';
import {
  canPowerOff,
  canRelabel,
  type MachineProvider,
  type PowerSwitch,
  type Relabelling,
} from '../../provider/port.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { Confirmation } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import type { WorkflowContext } from '../context.js';

export type { PreparedImage };

export type ImageMaker = MachineProvider & ImageKeeping & PowerSwitch & Relabelling;

/** @throws RefusedError code IMAGES_UNSUPPORTED */
export async function imageMaker(context: WorkflowContext, { spec }: ClusterRecord): Promise<ImageMaker> {
  const provider = await context.provider(spec.provider);
  if (canKeepImages(provider) && canPowerOff(provider) && canRelabel(provider)) return provider;
  throw new RefusedError(
    provider.traits.ownsMachines
      ? `${provider.title} keeps no images of machines.`
      : `The machines of ${provider.title} are there already: none are made from images.`,
    {
      code: 'IMAGES_UNSUPPORTED',
      hint: provider.traits.ownsMachines
        ? 'Have machines stand by, prepared: slipway pool scale CLUSTER POOL --standby 1'
        : 'Push what is installed from here instead of downloading it: slipway bundle create, and kubernetes.bundle in the file.',
    },
  );
}

/** The images that there are, the newest first. Changes nothing. */
export async function listImages(context: WorkflowContext, cluster: string): Promise<readonly PreparedImage[]> {
  const { record } = await knownCluster(context.workspace, cluster);
  const images = await (await imageMaker(context, record)).images.list({ signal: context.signal });
  return [...images].sort((a, b) => b.createdAt.localeCompare(a.createdAt) || Number(b.id) - Number(a.id));
}

export interface DeletedImages {
  readonly deleted: readonly PreparedImage[];
}

/**
 * Deletes images by name or id. Machines that were made from them stay.
 * @throws UsageError code UNKNOWN_IMAGE; RefusedError code IMAGE_IN_USE where a cluster of the workspace would be left with none
 */
export async function deleteImages(
  context: WorkflowContext,
  { cluster, names }: { readonly cluster: string; readonly names: readonly string[] },
  ask: (confirmation: Confirmation) => Promise<void>,
): Promise<DeletedImages> {
  const { record } = await knownCluster(context.workspace, cluster);
  const provider = await imageMaker(context, record);
  const all = await listImages(context, cluster);
  const chosen = all.filter(({ id, name }) => names.includes(id) || names.includes(name));
  const unknown = names.find((one) => !all.some(({ id, name }) => id === one || name === one));
  if (unknown !== undefined)
    throw new UsageError(`${provider.title} has no image ${unknown} that Slipway made.`, {
      code: 'UNKNOWN_IMAGE',
      hint: `See which there are: slipway image list ${cluster}`,
    });
  await refuseInUse(
    context,
    provider,
    all.filter((one) => !chosen.includes(one)),
    chosen,
  );
  await ask({
    question: `Delete ${chosen.length === 1 ? 'this image' : `these ${chosen.length} images`} at ${provider.title}?`,
    details: chosen.map(({ id, name, architecture }) => `lost: ${name} (${architecture ?? 'any'}, ${id})`),
    flags: '--yes',
  });
  for (const image of chosen) await provider.images.delete(image, { signal: context.signal });
  return { deleted: chosen };
}

/** Of an architecture that none of a cluster's types has, it needs no image. */
async function refuseInUse(
  { workspace, signal }: WorkflowContext,
  provider: ImageMaker,
  staying: readonly PreparedImage[],
  going: readonly PreparedImage[],
): Promise<void> {
  const { machineTypes } = await provider.catalog({ signal });
  for (const cluster of await workspace.clusterNames()) {
    const spec = (await workspace.cluster(cluster).record())?.spec;
    if (spec?.provider.name !== provider.name) continue;
    const types = groupsOf(spec, provider.defaults).flatMap((group) => group.types);
    const needed = new Set(machineTypes.filter(({ name }) => types.includes(name)).map((type) => type.architecture));
    const isLast = ({ name, architecture }: PreparedImage): boolean =>
      name === spec.image &&
      needed.has(architecture) &&
      !staying.some((one) => one.name === name && one.architecture === architecture);
    const last = going.find(isLast);
    if (!last) continue;
    throw new RefusedError(
      `${cluster} is made from ${last.name}, and this is the last one for ${last.architecture ?? 'it'}.`,
      {
        code: 'IMAGE_IN_USE',
        hint: `Build another one first: slipway image build ${cluster}. Or change \`image\` in its file, and apply that.`,
      },
    );
  }
}

/** The type with the smallest disk, since images fit only disks that are as large: of those that can be had at a location. */
export function smallestType(
  types: readonly MachineType[],
  names: readonly string[],
  location: string,
): MachineType | undefined {
  const offered = types.filter(
    ({ name, offers }) => names.includes(name) && offers.some((one) => one.location === location && one.available),
  );
  return [...offered].sort((a, b) => a.diskGB - b.diskGB || names.indexOf(a.name) - names.indexOf(b.name))[0];
}
