import type { PreparedImage } from '../../provider/images.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { draftImage, type ImageDraft, type ImageRequest } from './build-draft.js';
import { listImages } from './images.js';

export interface ImageBuildInput extends ImageRequest {
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
  const draft = (looking: WorkflowContext): Promise<ImageDraft> => draftImage(looking, input);
  const result = ({ name, type, image, steps }: ImageDraft): ImageBuildResult => ({
    cluster: input.cluster,
    dryRun: input.dryRun,
    name,
    type,
    image,
    steps: steps.map(stepInfo),
  });
  if (input.dryRun) return result(await draft(context));
  const confirmation = (found: ImageDraft): Promise<Confirmation | undefined> => Promise.resolve(confirmationOf(found));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (found, _, { admit }) => {
    if (found.steps.length === 0) return result(found);
    await execute(context, folder, operation, found.steps, retryCommand, admit);
    const made = (await listImages(context, input.cluster)).find((one) => one.name === found.name && one.ready);
    return { ...result(found), image: found.image ?? made };
  });
}

function confirmationOf({ name, type, location, image, steps }: ImageDraft): Confirmation | undefined {
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
