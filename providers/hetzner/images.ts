import { z } from 'zod';

import { IncompleteError } from '../../src/errors/index.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { whileBusy } from '../../src/provider/kit/while-busy.js';
import type { ImageKeeping, ImageRequest, PreparedImage } from '../../src/provider/images.js';
import type { CallOptions } from '../../src/provider/port.js';
import { architectureOf } from './catalog.js';
import { type Hetzner, waits } from './context.js';
import { labelOfName, nameLabel, preparedNameOf } from './image-names.js';
import { removeResource } from './remove.js';
import { actionShape, snapshotShape, type WireSnapshot } from './wire.js';

const baseLabel = 'slipway.dev/image-base';

const imageAnswer = z.object({ image: snapshotShape });
const createAnswer = z.object({ image: snapshotShape, action: actionShape });

/** Snapshots of ours, all or those of one name. */
export const listSnapshots = (
  { api }: Hetzner,
  name: string | undefined,
  options: CallOptions,
): Promise<WireSnapshot[]> =>
  api.list('/images', 'images', snapshotShape, options, {
    type: 'snapshot',
    label_selector: name === undefined ? nameLabel : `${nameLabel}=${labelOfName(name)}`,
  });

export const imageKeeping = (hetzner: Hetzner): ImageKeeping['images'] => ({
  list: async (options) => (await listSnapshots(hetzner, undefined, options)).map(toImage),
  create: (request, options) => create(hetzner, request, options),
  delete: ({ id }, options) => removeResource(hetzner, `/images/${id}`, [], options),
});

/** The name of an image is no name to Hetzner, so that what was begun is known by the server that it is a copy of. */
async function create(hetzner: Hetzner, request: ImageRequest, options: CallOptions): Promise<PreparedImage> {
  const { name, base, machine } = request;
  const find = async (): Promise<WireSnapshot | undefined> =>
    (await listSnapshots(hetzner, name, options)).find(({ created_from }) => String(created_from?.id) === machine.id);
  const begun =
    (await find()) ??
    (await createNamed(
      waits(hetzner, options),
      async () => {
        const { image, action } = await whileBusy(waits(hetzner, options), ['locked'], () =>
          hetzner.api.post(
            `/servers/${machine.id}/actions/create_image`,
            {
              type: 'snapshot',
              description: name,
              labels: { [nameLabel]: labelOfName(name), [baseLabel]: base },
            },
            createAnswer,
            options,
          ),
        );
        options.progress?.('copying its disk');
        await hetzner.actions.wait([action], options);
        return image;
      },
      find,
    ));
  return toImage(await available(hetzner, begun, options));
}

const looks = 240;
const lookEveryMs = 2_500;

/** The action's end and the image's do not come in the same moment. */
async function available(hetzner: Hetzner, { id }: WireSnapshot, options: CallOptions): Promise<WireSnapshot> {
  for (let look = 0; look < looks; look += 1) {
    const found = await hetzner.api.find(`/images/${id}`, imageAnswer, options);
    if (!found) break;
    if (found.image.status === 'available') return found.image;
    options.progress?.(`the image is ${found.image.status}`);
    await hetzner.clock.sleep(lookEveryMs * hetzner.timeScale, options.signal);
  }
  throw new IncompleteError(`The image ${id} did not become available.`, {
    code: 'IMAGE_UNFINISHED',
    hint: 'Run the same command again: it waits for the image that was begun, or begins another one.',
  });
}

const toImage = (image: WireSnapshot): PreparedImage => ({
  id: String(image.id),
  name: preparedNameOf(image.labels)!,
  base: image.labels[baseLabel],
  architecture: architectureOf(image),
  diskGB: image.disk_size,
  sizeGB: image.image_size ?? undefined,
  createdAt: image.created,
  ready: image.status === 'available',
});
