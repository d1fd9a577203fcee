import { z } from 'zod';

import { labelKeys } from '../../src/domain/labels.js';
import type { Machine } from '../../src/domain/machine.js';
import { waitFor } from '../../src/domain/wait.js';
import { IncompleteError } from '../../src/errors/index.js';
import { hasCode, isAmbiguous, means, UnreachableError } from '../../src/http/api/errors.js';
import { createNamed } from '../../src/provider/kit/create-named.js';
import { choicesOf, createText, hasChoice } from '../../src/provider/kit/first-offer.js';
import { createdBefore } from '../../src/provider/kit/infrastructure.js';
import { clusterOf, isOurs, nameTakenError, placeOf } from '../../src/provider/kit/ownership.js';
import { rentedTexts } from '../../src/provider/kit/rented.js';
import { accountLimit, soldOut } from '../../src/provider/kit/shortages.js';
import { labelsOf, tagsOf } from '../../src/provider/kit/tags.js';
import { whileBusy } from '../../src/provider/kit/while-busy.js';
import type { CallOptions, InfrastructureIds, MachineRequest, Machines } from '../../src/provider/port.js';
import { convergeApi, ownVpc } from './api-balancer.js';
import { readCatalog } from './catalog.js';
import {
  account,
  clusterFilter,
  groupOf,
  groupSize,
  type Linode,
  listOf,
  named,
  names,
  once,
  resourceIds,
  waits,
} from './context.js';
import { ensureGroup } from './infrastructure.js';
import * as wire from './wire.js';

const limits = { title: 'Linode', limitsPage: 'a support ticket (Cloud Manager, Support)' };
const waitMs = 600_000;

const statuses: Readonly<Record<string, Machine['status']>> = {
  ...{ provisioning: 'creating', rebuilding: 'creating', running: 'running', offline: 'off', stopped: 'off' },
  ...{ booting: 'starting', rebooting: 'starting', shutting_down: 'stopping', deleting: 'deleting' },
};

const toMachine = (one: wire.WireInstance, privateAddress: string | undefined): Machine => ({
  ...placeOf(labelsOf(one.tags)),
  ...{ id: String(one.id), name: one.label, type: one.type, location: one.region, labels: labelsOf(one.tags) },
  imageNames: one.image == null ? undefined : [one.image],
  status: statuses[one.status] ?? 'unknown',
  publicAddress: one.ipv4[0],
  privateAddress,
  createdAt: `${one.created}Z`,
});

/** All instances with these tags that are machines of ours: those of LKE are LKE's. */
export const listInstances = async (linode: Linode, filter: object | undefined, options: CallOptions) =>
  (await listOf(linode, '/linode/instances', wire.instanceShape, options, filter)).filter(
    (one) => one.lke_cluster_id == null,
  );

/** Addresses in the cluster's VPC by instance. */
async function insideOf(linode: Linode, cluster: { readonly id: string }, options: CallOptions) {
  const vpc = await ownVpc(linode, cluster, options);
  return vpc ? insideVpc(linode, vpc.id, options) : new Map<number, string | undefined>();
}

async function insideVpc(linode: Linode, vpc: number | string, options: CallOptions) {
  const list = await listOf(linode, `/vpcs/${vpc}/ips`, wire.vpcAddressShape, options);
  return new Map(list.map(({ linode_id, address }) => [linode_id ?? 0, address ?? undefined]));
}

const look = (linode: Linode, id: number | string, options: CallOptions) =>
  linode.api.find(`/linode/instances/${id}`, wire.instanceShape, options);

/** Waits until an instance is as desired; one that is gone is undefined. */
async function settled(
  linode: Linode,
  id: number | string,
  status: string,
  options: CallOptions,
): Promise<wire.WireInstance | undefined> {
  const { found } = await waitFor(
    {
      what: `Linode ${id} to be ${status}`,
      async check(_signal, progress) {
        const found = await look(linode, id, options);
        const last = found?.status ?? 'gone';
        progress(last.replaceAll('_', ' '));
        // It may be stopped by its owner in the very moment.
        if (last === 'offline' && status === 'running') await act(linode, id, 'boot', options);
        return found === undefined || last === status ? { found } : undefined;
      },
    },
    {
      progress: options.progress,
      // What may pass is waited out; anything else will be the same next time.
      fatal: (error) => !isAmbiguous(error) && !(error instanceof UnreachableError),
      ...{ clock: linode.clock, signal: options.signal, deadlineMs: waitMs, intervalMs: 3_000 * linode.timeScale },
      hint: 'Look at it in the Cloud Manager and at https://status.linode.com, then run the same command again.',
    },
  );
  return found;
}

/** Something is already as asked when the API says so. */
async function act(linode: Linode, id: number | string, verb: string, options: CallOptions): Promise<void> {
  try {
    await whileBusy(waits(linode, options), ['busy'], () =>
      linode.api.postAgain(`/linode/instances/${id}/${verb}`, undefined, z.unknown(), options),
    );
  } catch (error) {
    if (!means(error, 'not-found') && !(hasCode(error, 'invalid') && /already/.test(error.message))) throw error;
  }
}

export function machines(linode: Linode): Machines {
  return {
    ...rentedTexts,
    async list(cluster, options) {
      const [all, inside] = await Promise.all([
        listInstances(linode, clusterFilter(cluster), options),
        insideOf(linode, cluster, options),
      ]);
      return all.map((one) => toMachine(one, inside.get(one.id)));
    },
    async previewCreate(_cluster, requests, options) {
      const types = requests.some(hasChoice) ? (await readCatalog(linode, options)).machineTypes : [];
      return new Map(requests.map((request) => [request.name, createText(request, types)]));
    },
    async create(request, userData, made, options) {
      const cluster = clusterOf(request.labels);
      const ordered =
        (await find(linode, request.name, options)) ?? (await order(linode, request, userData, made, options));
      if (!isOurs(named(ordered), cluster.id)) throw nameTakenError(account, 'Linode', named(ordered));
      const instance = await settled(linode, ordered.id, 'running', options);
      if (!instance) throw vanished(request.name);
      await convergeApi(linode, cluster, options);
      return toMachine(
        instance,
        (await insideVpc(linode, createdBefore(made, resourceIds.network).id, options)).get(instance.id),
      );
    },
    async delete({ id }, options) {
      const found = await look(linode, id, options);
      if (!found) return;
      await whileBusy(waits(linode, options), ['busy'], () =>
        linode.api.delete(`/linode/instances/${id}`, z.unknown(), options),
      );
      await settled(linode, id, 'gone', options);
      await convergeApi(linode, clusterOf(labelsOf(found.tags)), options);
    },
    async reboot({ id }, options) {
      await act(linode, id, 'reboot', options);
      await settled(linode, id, 'running', options);
    },
  };
}

const vanished = (name: string): IncompleteError =>
  new IncompleteError(`The Linode ${name} is gone.`, {
    code: 'MACHINE_VANISHED',
    hint: 'Run the same command again: another machine takes its place.',
  });

const find = async (linode: Linode, label: string, options: CallOptions): Promise<wire.WireInstance | undefined> =>
  (await listOf(linode, '/linode/instances', wire.instanceShape, options, { label }))[0];

/** Orders the first type that is to be had, at its own location or the next. */
async function order(
  linode: Linode,
  request: MachineRequest,
  userData: string,
  made: InfrastructureIds,
  options: CallOptions,
): Promise<wire.WireInstance> {
  const [vpc, key, region] = await Promise.all([
    once(linode, `/vpcs/${createdBefore(made, resourceIds.network).id}`, wire.vpcShape, options),
    once(linode, `/profile/sshkeys/${createdBefore(made, resourceIds.sshKey).id}`, wire.sshKeyShape, options),
    once(linode, `/regions/${request.location}`, wire.regionShape, options),
  ]);
  const size = groupSize(region);
  const group = Number(createdBefore(made, resourceIds.group(request.pool, groupOf(request, size))).id);
  const base = {
    ...{
      label: request.name,
      image: request.image,
      authorized_keys: [key.ssh_key.trim()],
      tags: tagsOf(request.labels),
    },
    ...{ firewall_id: Number(createdBefore(made, resourceIds.firewall).id), booted: true },
    interface_generation: 'legacy_config',
    interfaces: [
      { purpose: 'public', primary: true },
      { purpose: 'vpc', subnet_id: vpc.subnets[0]!.id },
    ],
    metadata: { user_data: Buffer.from(userData).toString('base64') },
  };
  const send = (type: string, region: string, group: number): Promise<wire.WireInstance> =>
    createNamed(
      waits(linode, options),
      () =>
        linode.api.post(
          '/linode/instances',
          { ...base, type, region, placement_group: { id: group } },
          wire.instanceShape,
          options,
        ),
      () => find(linode, request.name, options),
    );
  let refusal: unknown;
  let isCrowded = false;
  for (const { type, location } of choicesOf(request)) {
    try {
      return await send(type, location, group);
    } catch (error) {
      if (hasCode(error, 'account_limit')) {
        const existing = await listInstances(linode, clusterFilter(clusterOf(request.labels)), options);
        throw accountLimit(
          limits,
          request,
          existing.map((one) => toMachine(one, undefined)),
          error,
        );
      }
      if (hasCode(error, 'placement')) {
        const spare = await spareGroup(linode, request, { location, size }, options);
        if (spare !== group) return await send(type, location, spare);
      } else if (!hasCode(error, 'sold_out')) throw error;
      isCrowded = hasCode(error, 'placement');
      refusal = error;
      options.progress?.(`no ${type} is to be had at ${location}`);
    }
  }
  throw isCrowded ? crowded(request, refusal) : soldOut(request, request.types, refusal);
}

/** A group of the machine's pool with a free seat: while one is replaced its pool is one larger than its slots. */
async function spareGroup(
  linode: Linode,
  { labels, pool }: MachineRequest,
  { location, size }: { readonly location: string; readonly size: number },
  options: CallOptions,
): Promise<number> {
  const prefix = `${names.groups(clusterOf(labels))}${pool}-`;
  const groups = (await listOf(linode, '/placement/groups', wire.groupShape, options)).filter(({ label }) =>
    label.startsWith(prefix),
  );
  const free = groups.find(({ members }) => members.length < size);
  if (free) return free.id;
  const taken = new Set(groups.map(({ label }) => label));
  let number = 1;
  while (taken.has(`${prefix}${number}`)) number += 1;
  return (await ensureGroup(linode, `${prefix}${number}`, location, options)).id;
}

const crowded = (request: MachineRequest, cause: unknown): IncompleteError =>
  new IncompleteError(
    `Linode has no host left at ${request.location} that would keep ${request.name} apart from its pool's other machines.`,
    {
      code: 'PLACEMENT',
      hint: 'Run the same command again later, or give the pool another type; machines of one group never share a host.',
      cause,
    },
  );

/** Another name and other tags, in one request. */
export async function relabel(
  linode: Linode,
  { id }: Pick<Machine, 'id'>,
  as: Pick<MachineRequest, 'name' | 'labels'>,
  options: CallOptions,
): Promise<Machine> {
  try {
    const body = { label: as.name, tags: tagsOf(as.labels) };
    const answer = await whileBusy(waits(linode, options), ['busy'], () =>
      linode.api.put(`/linode/instances/${id}`, body, wire.instanceShape, options),
    );
    if (!answer) throw vanished(id);
    return toMachine(
      answer,
      (await insideOf(linode, { id: as.labels[labelKeys.clusterId] ?? '' }, options)).get(answer.id),
    );
  } catch (error) {
    if (!means(error, 'name-taken')) throw error;
    const taker = await find(linode, as.name, options);
    throw taker ? nameTakenError(account, 'Linode', named(taker)) : error;
  }
}

/** Cuts the power; one that is off already, or gone, is as it should be. */
export async function powerOff(linode: Linode, { id }: Pick<Machine, 'id'>, options: CallOptions): Promise<void> {
  const found = await look(linode, id, options);
  if (!found || found.status === 'offline') return;
  await act(linode, id, 'shutdown', options);
  await settled(linode, id, 'offline', options);
}
