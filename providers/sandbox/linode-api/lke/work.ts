import { typeNamed } from '../catalogue.js';
import { LinodeError } from '../errors.js';
import { tell } from '../events.js';
import { createInstance, deleteInstance } from '../instances.js';
import type { Effect } from '../jobs.js';
import type { InstanceRecord } from '../state.js';
import type { World } from '../world.js';
import type { LkeClusterRecord, LkeNodeRecord, LkePoolRecord } from './state.js';

type LkeEffect = Extract<Effect, { kind: `lke.${string}` }>;

export const entityOf = ({ id, label }: Pick<LkeClusterRecord, 'id' | 'label'>) => ({ type: 'lkecluster', id, label });
export const nodeName = (cluster: Pick<LkeClusterRecord, 'id'>, node: Pick<LkeNodeRecord, 'id'>): string =>
  `lke${cluster.id}-${node.id}`;

/** A new place of a pool, and the machine for it soon. */
export function addNode(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord): void {
  const node: LkeNodeRecord = {
    id: `${pool.id}-${world.random.bytes(6).toString('hex')}`,
    instance: null,
    booted: false,
  };
  pool.nodes.push(node);
  provision(world, cluster, node, world.profile.actionMs);
}

const provision = (world: World, { id }: LkeClusterRecord, { id: node }: LkeNodeRecord, ms: number): void =>
  world.jobs.start({ kind: 'lke.provision', id, node }, ms, null);

/** Takes a place away with its machine. What ran there was not asked. */
export function dropNode(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord, node: LkeNodeRecord): void {
  pool.nodes = pool.nodes.filter((one) => one !== node);
  const instance = node.instance === null ? undefined : world.tables.instances.get(node.instance);
  node.instance = null;
  if (instance && instance.status !== 'deleting') deleteInstance(world, instance);
  world.kubernetes.silent(cluster.id, nodeName(cluster, node));
  world.jobs.start({ kind: 'lke.left', id: cluster.id, node: node.id }, world.profile.serverDeleteMs, null);
}

/** As many places as the pool counts: the newest go first. */
export function converge(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord): void {
  while (pool.nodes.length < pool.count) addNode(world, cluster, pool);
  while (pool.nodes.length > pool.count) dropNode(world, cluster, pool, pool.nodes.at(-1)!);
}

/** The machine first, without any drain; then another place with the newest patch of the cluster's minor. */
export function recycleNode(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord, node: LkeNodeRecord): void {
  tell(world, 'lke_node_recycle', entityOf(cluster));
  dropNode(world, cluster, pool, node);
  addNode(world, cluster, pool);
}

/** One node of the pool after the other. */
export function recyclePool(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord): void {
  tell(world, 'lke_pool_recycle', entityOf(cluster));
  pool.queue = pool.nodes.map(({ id }) => id);
  recycleNext(world, cluster, pool);
}

function recycleNext(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord): void {
  const [next, ...rest] = pool.queue;
  pool.queue = rest;
  const node = pool.nodes.find(({ id }) => id === next);
  if (node) recycleNode(world, cluster, pool, node);
  else if (rest.length > 0) recycleNext(world, cluster, pool);
}

const placeOf = (world: World, id: number, node: string) => {
  const cluster = world.tables.lke.get(id);
  const pool = cluster?.pools.find(({ nodes }) => nodes.some((one) => one.id === node));
  const place = pool?.nodes.find((one) => one.id === node);
  return cluster && pool && place ? { cluster, pool, place } : undefined;
};

/** What a job of LKE ends with. */
export function endLkeJob(world: World, effect: LkeEffect): void {
  const cluster = world.tables.lke.get(effect.id);
  if (!cluster) return;
  if (effect.kind === 'lke.answers') {
    // Its certificates may take longer on a busy computer than they should.
    if (world.kubernetes.kubeconfig(effect.id)) cluster.answers = true;
    else world.jobs.start(effect, world.profile.actionMs, null);
  } else if (effect.kind === 'lke.left') world.kubernetes.left(effect.id, nodeName(cluster, { id: effect.node }));
  else if (effect.kind === 'lke.provision') giveInstance(world, effect);
  else join(world, effect);
}

function giveInstance(world: World, effect: Extract<LkeEffect, { kind: 'lke.provision' }>): void {
  const found = placeOf(world, effect.id, effect.node);
  if (found?.place.instance !== null) return;
  const { cluster, pool, place } = found;
  try {
    const order = { label: nodeName(cluster, place), region: cluster.region, type: pool.type };
    const system = { image: 'linode/debian12', root_pass: 'of-nobody', private_ip: true, tags: pool.tags };
    place.instance = createInstance(world, { ...order, ...system }, cluster.id).id;
    place.booted = false;
  } catch (error) {
    if (!(error instanceof LinodeError)) throw error;
    // Sold out, or the account is full: it tries until it works, and says nothing.
    provision(world, cluster, place, world.profile.lkeRestoreMs);
  }
}

const holderOf = (world: World, instance: InstanceRecord) => {
  const cluster = instance.lke === null ? undefined : world.tables.lke.get(instance.lke);
  const place = cluster?.pools.flatMap(({ nodes }) => nodes).find((node) => node.instance === instance.id);
  return cluster && place ? { cluster, place } : undefined;
};

/** A machine of a node runs: its kubelet registers a little later. */
export function nodeBooted(world: World, instance: InstanceRecord): void {
  const found = holderOf(world, instance);
  if (!found) return;
  found.place.booted = true;
  world.jobs.start({ kind: 'lke.join', id: found.cluster.id, node: found.place.id }, world.profile.joinAgentMs, null);
}

/** A machine of a node is gone behind LKE's back: it comes back, after minutes. */
export function nodeLost(world: World, instance: InstanceRecord): void {
  const found = holderOf(world, instance);
  if (!found) return;
  const { cluster, place } = found;
  place.instance = null;
  place.booted = false;
  world.kubernetes.silent(cluster.id, nodeName(cluster, place));
  provision(world, cluster, place, world.profile.lkeRestoreMs);
}

function join(world: World, { id, node }: Extract<LkeEffect, { kind: 'lke.join' }>): void {
  const found = placeOf(world, id, node);
  const instance = found?.place.instance == null ? undefined : world.tables.instances.get(found.place.instance);
  if (!found || !instance) return;
  const { cluster, pool, place } = found;
  // Kubelets wait for an API that is not there yet.
  if (!cluster.answers) return world.jobs.start({ kind: 'lke.join', id, node }, world.profile.actionMs, null);
  const type = typeNamed(pool.type)!;
  world.kubernetes.joined(id, {
    name: nodeName(cluster, place),
    instance: instance.id,
    type: pool.type,
    region: cluster.region,
    cores: type.cores,
    memoryGB: type.memoryGB,
    diskGB: type.diskGB,
    publicAddress: instance.ipv4,
    privateAddress: instance.privateIp!,
    pool: pool.id,
    labels: pool.labels,
    taints: pool.taints,
    version: cluster.patch,
  });
  if (pool.queue.length > 0) recycleNext(world, cluster, pool);
}

/** What LKE does by itself: the control plane of each cluster of a minor gets a newer patch, and nodes stay as they are. */
export function patchControlPlanes(world: World, version: string, patch: string): void {
  for (const cluster of world.tables.lke.values()) {
    if (cluster.version !== version) continue;
    cluster.patch = patch;
    world.kubernetes.upgrade(cluster.id, patch);
  }
}
