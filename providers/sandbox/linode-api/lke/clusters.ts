import { z } from 'zod';
import { invalid, notYet } from '../errors.js';
import { tell } from '../events.js';
import { regionNamed } from '../places.js';
import { get, list, post, put, readBody, remove, type Route, tagsShape } from '../routes.js';
import type { World } from '../world.js';
import { aclBody, aclOf, aclShape } from './acl.js';
import { findCluster, makePool, poolBody } from './pools.js';
import type { LkeClusterRecord } from './state.js';
import { isNext, isOfferedVersion, newestPatch } from './versions.js';
import { converge, dropNode, entityOf, recyclePool } from './work.js';

/** Seconds that the answer asks to wait, of something that is not made yet. */
const retryAfter = 5;

const label = z
  .string()
  .min(1)
  .max(32, 'Length must be 1-32 characters')
  .regex(/^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, 'Must only use ASCII letters, numbers, and dashes');
const controlPlane = z.strictObject({
  high_availability: z.boolean().optional(),
  acl: aclBody.nullish(),
  audit_logs_enabled: z.boolean().optional(),
});
const createBody = z.strictObject({
  label,
  region: z.string({ error: 'region is required' }),
  k8s_version: z.string({ error: 'k8s_version is required' }),
  node_pools: z.array(poolBody).min(1, 'At least one node pool is required'),
  control_plane: controlPlane.nullish(),
  tags: tagsShape.default([]),
  tier: z.enum(['standard', 'enterprise']).optional(),
  apl_enabled: z.boolean().optional(),
  stack_type: z.string().optional(),
  subnet_id: z.number().optional(),
  vpc_id: z.number().optional(),
});
const changeBody = z.strictObject({
  label: label.optional(),
  k8s_version: z.string().optional(),
  tags: tagsShape.optional(),
  control_plane: controlPlane.nullish(),
});

/** Ready from the first answer on, whether or not anything of it is. */
const shape = (one: LkeClusterRecord) => ({
  id: one.id,
  label: one.label,
  region: one.region,
  k8s_version: one.version,
  status: 'ready',
  tags: one.tags,
  tier: 'standard',
  control_plane: { high_availability: one.highAvailability },
  apl_enabled: false,
  locks: [],
  created: one.created,
  updated: one.updated,
});

function assertFree(world: World, name: string, except?: number): void {
  if ([...world.tables.lke.values()].some((one) => one.label === name && one.id !== except))
    throw invalid('Label must be unique among your clusters', 'label');
}

const newRevision = (world: World): string => world.random.bytes(8).toString('hex');

function create(world: World, body: unknown): LkeClusterRecord {
  const order = readBody(createBody, body);
  if (!regionNamed(order.region)) throw invalid('region is not valid', 'region');
  if (!isOfferedVersion(order.k8s_version)) throw invalid('k8s_version is not valid', 'k8s_version');
  if (order.tier === 'enterprise') throw invalid('tier is not valid', 'tier');
  assertFree(world, order.label);
  const now = world.isoNow();
  const acl = order.control_plane?.acl;
  const made: LkeClusterRecord = {
    id: world.newId(),
    label: order.label,
    tags: order.tags,
    created: now,
    updated: now,
    region: order.region,
    version: order.k8s_version,
    patch: newestPatch(order.k8s_version),
    highAvailability: order.control_plane?.high_availability ?? false,
    acl: acl ? aclOf(acl, newRevision(world)) : null,
    pools: order.node_pools.map((pool) => makePool(world, order.region, pool)),
    answers: false,
  };
  world.tables.lke.set(made.id, made);
  world.kubernetes.create(made.id, made.patch);
  const event = tell(world, 'lke_cluster_create', entityOf(made), 'started');
  world.jobs.start({ kind: 'lke.answers', id: made.id }, world.profile.lkeReadyMs, event);
  for (const pool of made.pools) converge(world, made, pool);
  return made;
}

function change(world: World, cluster: LkeClusterRecord, body: unknown): void {
  const order = readBody(changeBody, body);
  if (order.label !== undefined) assertFree(world, order.label, cluster.id);
  const { k8s_version: version } = order;
  if (version !== undefined && version !== cluster.version) {
    if (!isOfferedVersion(version) || !isNext(cluster.version, version))
      throw invalid(`Cannot upgrade from ${cluster.version} to ${version}`, 'k8s_version');
    cluster.version = version;
    cluster.patch = newestPatch(version);
    // Nodes stay until they are recycled.
    world.kubernetes.upgrade(cluster.id, cluster.patch);
  }
  const { high_availability: ha, acl } = order.control_plane ?? {};
  if (ha === false && cluster.highAvailability)
    throw invalid('High availability cannot be disabled', 'control_plane.high_availability');
  if (ha === true && !cluster.highAvailability) {
    cluster.highAvailability = true;
    for (const pool of cluster.pools) recyclePool(world, cluster, pool);
  }
  if (acl) cluster.acl = aclOf(acl, newRevision(world));
  Object.assign(cluster, {
    label: order.label ?? cluster.label,
    tags: order.tags ?? cluster.tags,
    updated: world.isoNow(),
  });
  tell(world, 'lke_cluster_update', entityOf(cluster));
}

/** Its nodes and NodeBalancers go with it, volumes stay. */
function destroy(world: World, cluster: LkeClusterRecord): void {
  for (const pool of cluster.pools) for (const node of [...pool.nodes]) dropNode(world, cluster, pool, node);
  for (const balancer of [...world.tables.balancers.values()])
    if (balancer.lke === cluster.id) world.tables.balancers.delete(balancer.id);
  world.tables.lke.delete(cluster.id);
  world.kubernetes.delete(cluster.id);
  tell(world, 'lke_cluster_delete', entityOf(cluster));
}

/** What kubeconfigs and endpoints are given out with. @throws LinodeError 503 */
function open(world: World, id: number, what: string) {
  const cluster = findCluster(world, id);
  const found = cluster.answers ? world.kubernetes.kubeconfig(id) : undefined;
  if (!found) throw notYet(`${what} not yet available. Please try again later.`, retryAfter);
  return found;
}

/** Takes a while until there is another one. */
function regenerate(world: World, cluster: LkeClusterRecord): void {
  cluster.answers = false;
  world.kubernetes.regenerate(cluster.id);
  const event = tell(world, 'lke_kubeconfig_regenerate', entityOf(cluster), 'started');
  world.jobs.start({ kind: 'lke.answers', id: cluster.id }, world.profile.actionMs * 5, event);
}

const path = '/lke/clusters';
const aclPath = `${path}/{id}/control_plane_acl`;

export const lkeClusterRoutes: readonly Route[] = [
  list(path, ['label', 'region', 'k8s_version', 'tags', 'created', 'updated'], (world) =>
    [...world.tables.lke.values()].map(shape),
  ),
  get(`${path}/{id}`, (world, { id }) => ({ body: shape(findCluster(world, id)) })),
  post(path, (world, { body }) => ({ body: shape(create(world, body)) })),
  put(`${path}/{id}`, (world, { id, body }) => {
    const cluster = findCluster(world, id);
    change(world, cluster, body);
    return { body: shape(cluster) };
  }),
  remove(`${path}/{id}`, (world, { id }) => {
    destroy(world, findCluster(world, id));
    return { body: {} };
  }),
  post(`${path}/{id}/recycle`, (world, { id }) => {
    const cluster = findCluster(world, id);
    tell(world, 'lke_cluster_recycle', entityOf(cluster));
    for (const pool of cluster.pools) recyclePool(world, cluster, pool);
    return { body: {} };
  }),
  get(`${path}/{id}/kubeconfig`, (world, { id }) => ({
    body: { kubeconfig: Buffer.from(open(world, id, 'Cluster kubeconfig is').text).toString('base64') },
  })),
  remove(`${path}/{id}/kubeconfig`, (world, { id }) => {
    regenerate(world, findCluster(world, id));
    return { body: {} };
  }),
  post(`${path}/{id}/regenerate`, (world, { id, body }) => {
    const shapeOfIt = z.strictObject({ kubeconfig: z.boolean().optional(), servicetoken: z.boolean().optional() });
    const asked = readBody(shapeOfIt, body);
    const cluster = findCluster(world, id);
    if (asked.kubeconfig === true) regenerate(world, cluster);
    if (asked.servicetoken === true) tell(world, 'lke_token_rotate', entityOf(cluster));
    return { body: {} };
  }),
  remove(`${path}/{id}/servicetoken`, (world, { id }) => {
    tell(world, 'lke_token_rotate', entityOf(findCluster(world, id)));
    return { body: {} };
  }),
  list(`${path}/{id}/api-endpoints`, [], (world, { id }) => [
    { endpoint: open(world, id, 'Cluster API Endpoints are').server },
  ]),
  get(aclPath, (world, { id }) => ({ body: aclShape(findCluster(world, id).acl) })),
  put(aclPath, (world, { id, body }) => {
    const cluster = findCluster(world, id);
    const { acl } = readBody(z.strictObject({ acl: aclBody }), body);
    cluster.acl = aclOf(acl, newRevision(world));
    tell(world, 'lke_control_plane_acl_update', entityOf(cluster));
    return { body: aclShape(cluster.acl) };
  }),
  remove(aclPath, (world, { id }) => {
    const cluster = findCluster(world, id);
    cluster.acl = null;
    tell(world, 'lke_control_plane_acl_delete', entityOf(cluster));
    return { body: {} };
  }),
];
