import { z } from 'zod';

import { imagePrefix } from '../../../src/domain/prepared-image.js';
import { hasCode } from '../../../src/http/api/errors.js';
import { isReadOnlyToken } from '../client.js';
import type { CallOptions, ClusterRequest, Problem } from '../../../src/provider/port.js';
import { listLocations, listServerTypes } from '../catalog.js';
import type { Hetzner } from '../context.js';
import { preparedNameOf } from '../image-names.js';
import { listSnapshots } from '../images.js';
import { projectInventory, type ProjectInventory } from '../project-inventory.js';
import {
  imageShape,
  serverShape,
  type WireImage,
  type WireLocation,
  type WireServer,
  type WireServerType,
} from '../wire.js';

export interface KnownImage extends WireImage {
  /** How large a disk it needs; undefined of what fits all. */
  readonly diskGB?: number | undefined;
}

/** All that the checks look at; read before anything is changed. */
export interface Facts {
  readonly now: number;
  readonly networkLimit: number;
  readonly locations: readonly WireLocation[];
  readonly types: readonly WireServerType[];
  readonly images: readonly KnownImage[];
  /** All servers of the project. */
  readonly servers: readonly WireServer[];
  readonly found: ProjectInventory;
}

export async function readFacts(hetzner: Hetzner, request: ClusterRequest, options: CallOptions): Promise<Facts> {
  const { api } = hetzner;
  const [locations, types, images, servers, found] = await Promise.all([
    listLocations(hetzner, options),
    listServerTypes(hetzner, options),
    listImages(hetzner, request, options),
    api.list('/servers', 'servers', serverShape, options),
    projectInventory(hetzner, options),
  ]);
  return { now: hetzner.clock.now(), networkLimit: hetzner.networkLimit, locations, types, images, servers, found };
}

const imageAnswer = z.object({ image: imageShape });

/** System images, and those that the request names by number or by a name of ours: snapshots have none of their own. */
async function listImages(hetzner: Hetzner, request: ClusterRequest, options: CallOptions): Promise<KnownImage[]> {
  const { api } = hetzner;
  const asked = [...new Set(request.machines.map((machine) => machine.image))];
  const numbers = asked.filter((image) => /^\d+$/.test(image));
  const isOursAsked = asked.some((image) => image.startsWith(imagePrefix));
  const [system, own, ...numbered] = await Promise.all([
    api.list('/images', 'images', imageShape, options, { type: 'system' }),
    isOursAsked ? listSnapshots(hetzner, undefined, options) : [],
    ...numbers.map((id) => api.find(`/images/${id}`, imageAnswer, options)),
  ]);
  return [
    ...system,
    ...own.map((image) => ({ ...image, name: preparedNameOf(image.labels) ?? null, diskGB: image.disk_size })),
    ...numbered.flatMap((answer) => (answer ? [answer.image] : [])),
  ];
}

/**
 * Whether the token lets us work, asked without changing anything: nothing has the id 0, so a token that may write
 * is told so, and one that may not is told that.
 */
export async function checkToken({ api }: Hetzner, options: CallOptions): Promise<Problem | undefined> {
  try {
    await api.delete('/ssh_keys/0', z.unknown(), options);
    return undefined;
  } catch (error) {
    if (isReadOnlyToken(error)) {
      return {
        code: 'TOKEN_READ_ONLY',
        kind: 'usage',
        message: 'The Hetzner API token can only read.',
        hint: 'Make one with read and write permission (Hetzner console, Security, API tokens) and set HCLOUD_TOKEN to it.',
      };
    }
    if (hasCode(error, 'unauthorized')) {
      return {
        code: 'TOKEN_REJECTED',
        kind: 'usage',
        message: 'Hetzner does not know the API token in HCLOUD_TOKEN.',
        hint: 'Make one with read and write permission (Hetzner console, Security, API tokens) and set HCLOUD_TOKEN to it.',
      };
    }
    // Some other word about an id that can't exist: the token was good enough to be judged.
    if (hasCode(error, 'invalid_input')) return undefined;
    throw error;
  }
}
