import { z } from 'zod';

import { hasCode, means } from '../../../src/http/api/errors.js';
import { whileBusy } from '../../../src/provider/kit/while-busy.js';
import { imagePrefix } from '../../../src/domain/prepared-image.js';
import { labelKeys } from '../../../src/domain/labels.js';
import { createText, hasChoice } from '../../../src/provider/kit/first-offer.js';
import { rentedTexts } from '../../../src/provider/kit/rented.js';
import type { Machine } from '../../../src/domain/machine.js';
import { nameTakenError } from '../../../src/provider/kit/ownership.js';
import type { CallOptions, MachineRequest, Machines } from '../../../src/provider/port.js';
import { isOffered, listServerTypes, machineType } from '../catalog.js';
import { type Hetzner, waits } from '../context.js';
import { IncompleteError } from '../../../src/errors/index.js';
import { account } from '../names.js';
import { imageVanished } from '../../../src/provider/images.js';
import { listSnapshots } from '../images.js';
import { removeResource } from '../remove.js';
import { actionShape, serverShape, sshKeyShape, type WireServer, type WireServerType } from '../wire.js';
import { createMachine, type Lookups } from './create.js';
import { toMachine } from './map.js';

const actionAnswer = z.object({ action: actionShape });
const serverAnswer = z.object({ server: serverShape });
const keyAnswer = z.object({ ssh_key: sshKeyShape });

export const listServers = ({ api }: Hetzner, selector: string, options: CallOptions): Promise<WireServer[]> =>
  api.list('/servers', 'servers', serverShape, options, { label_selector: selector });

export function machines(hetzner: Hetzner): Machines {
  const lookups = sharedLookups(hetzner);
  return {
    ...rentedTexts,

    async list(cluster, options) {
      return (await listServers(hetzner, `${labelKeys.clusterId}=${cluster.id}`, options)).map(toMachine);
    },

    async previewCreate(_cluster, requests, options) {
      const known = requests.some(hasChoice) ? await listServerTypes(hetzner, options) : [];
      const types = known.map((type) => machineType(type, hetzner.clock.now()));
      return new Map(requests.map((request) => [request.name, createText(request, types)]));
    },

    create: (request, userData, made, options) => createMachine(hetzner, lookups, request, userData, made, options),

    delete: ({ id }, options) => removeResource(hetzner, `/servers/${id}`, [], options),

    /** Pulls the plug and starts again, so that it also works on a machine that no longer answers. */
    async reboot({ id }, options) {
      const { action } = await whileBusy(waits(hetzner, options), ['locked'], () =>
        hetzner.api.postAgain(`/servers/${id}/actions/reset`, undefined, actionAnswer, options),
      );
      await hetzner.actions.wait([action], options);
    },
  };
}

/** Another name and other labels, in one request, so that a run that is killed leaves either place whole. */
export async function relabel(
  hetzner: Hetzner,
  { id }: Pick<Machine, 'id'>,
  { name, labels }: Pick<MachineRequest, 'name' | 'labels'>,
  options: CallOptions,
): Promise<Machine> {
  try {
    const answer = await whileBusy(waits(hetzner, options), ['locked'], () =>
      hetzner.api.put(`/servers/${id}`, { name, labels }, serverAnswer, options),
    );
    if (answer) return toMachine(answer.server);
  } catch (error) {
    if (!hasCode(error, 'uniqueness_error')) throw error;
    const query = { name };
    const [taker] = await hetzner.api.list('/servers', 'servers', serverShape, options, query);
    throw taker ? nameTakenError(account, 'server', taker) : error;
  }
  throw new IncompleteError(`Server ${id} is gone: it was to become ${name}.`, {
    code: 'MACHINE_VANISHED',
    hint: 'Run the same command again: another machine takes its place.',
  });
}

/** Cuts the power; one that is off already, or gone, is as it should be. */
export async function powerOff(hetzner: Hetzner, { id }: { readonly id: string }, options: CallOptions): Promise<void> {
  const found = await hetzner.api.find(`/servers/${id}`, serverAnswer, options);
  if (!found || found.server.status === 'off') return;
  try {
    const { action } = await whileBusy(waits(hetzner, options), ['locked'], () =>
      hetzner.api.postAgain(`/servers/${id}/actions/poweroff`, undefined, actionAnswer, options),
    );
    await hetzner.actions.wait([action], options);
  } catch (error) {
    if (!means(error, 'not-found')) throw error;
  }
}

/** What many creates at once ask for, asked once. A failed look is forgotten, so that the next one looks again. */
function sharedLookups(hetzner: Hetzner): Lookups {
  const keyNames = new Map<number, Promise<string>>();
  const lists = new Map<string, Promise<WireServer[]>>();
  let types: Promise<WireServerType[]> | undefined;
  return {
    sshKeyName: (id, options) =>
      remember(keyNames, id, async () => (await hetzner.api.get(`/ssh_keys/${id}`, keyAnswer, options)).ssh_key.name),

    async offered(request, options) {
      if (request.types.length < 2) return request.types;
      types ??= listServerTypes(hetzner, options);
      try {
        const known = await types;
        const now = hetzner.clock.now();
        return request.types.filter((name) =>
          known.some((type) => type.name === name && isOffered(type, request.location, now)),
        );
      } catch (error) {
        types = undefined;
        throw error;
      }
    },

    async image(name, type, options) {
      if (!name.startsWith(imagePrefix)) return name;
      types ??= listServerTypes(hetzner, options);
      const architecture = (await types).find((one) => one.name === type)?.architecture;
      const found = (await listSnapshots(hetzner, name, options))
        .filter((one) => one.status === 'available' && one.architecture === architecture)
        .sort((a, b) => b.id - a.id)[0];
      if (found) return String(found.id);
      throw imageVanished(name, type);
    },

    /** Many creates that fail in the same moment share one list; the next moment's gets a new one. */
    async servers(clusterId, options) {
      try {
        return await remember(lists, clusterId, () =>
          listServers(hetzner, `${labelKeys.clusterId}=${clusterId}`, options),
        );
      } finally {
        lists.delete(clusterId);
      }
    },
  };
}

async function remember<K, V>(known: Map<K, Promise<V>>, key: K, look: () => Promise<V>): Promise<V> {
  const value = known.get(key) ?? look();
  known.set(key, value);
  try {
    return await value;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}
