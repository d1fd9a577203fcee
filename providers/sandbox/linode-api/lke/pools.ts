import { z } from 'zod';
import { isOffered, typeNamed } from '../catalogue.js';
import { invalid, notFound } from '../errors.js';
import { tell } from '../events.js';
import { get, list, post, put, readBody, remove, type Route, tagsShape } from '../routes.js';
import type { World } from '../world.js';
import type { LkeClusterRecord, LkeNodeRecord, LkePoolRecord } from './state.js';
import { converge, dropNode, entityOf, recycleNode, recyclePool } from './work.js';

const taint = z.strictObject({
  key: z
    .string()
    .regex(/^([A-Za-z0-9][-A-Za-z0-9_.]*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'Invalid key'),
  value: z.string(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});
const count = z.number().int().min(1, 'Must be between 1 and 100').max(100, 'Must be between 1 and 100');
const autoscaler = z.strictObject({
  enabled: z.boolean().optional(),
  min: count.optional(),
  max: count.optional(),
});
const changeable = {
  // Linode's own Go library sends null for what it was not told.
  autoscaler: autoscaler.nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  taints: z.array(taint).nullish(),
  tags: tagsShape.nullish(),
  label: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])$/, 'Label is not valid')
    .optional(),
  firewall_id: z.number().optional(),
  k8s_version: z.string().optional(),
  update_strategy: z.enum(['rolling_update', 'on_recycle']).optional(),
};
export const poolBody = z.strictObject({
  type: z.string({ error: 'type is required' }),
  count,
  disks: z.array(z.looseObject({})).nullish(),
  disk_encryption: z.enum(['enabled', 'disabled']).optional(),
  ...changeable,
});
const changeBody = z.strictObject({ count: count.optional(), ...changeable });

export const findCluster = (world: World, id: number): LkeClusterRecord => {
  const found = world.tables.lke.get(id);
  if (!found) throw notFound();
  return found;
};

const findPool = (world: World, id: number, pool: number): LkePoolRecord => {
  const found = findCluster(world, id).pools.find((one) => one.id === pool);
  if (!found) throw notFound();
  return found;
};

function findNode(
  world: World,
  id: number,
  node: string,
): { readonly pool: LkePoolRecord; readonly node: LkeNodeRecord } {
  for (const pool of findCluster(world, id).pools) {
    const found = pool.nodes.find((one) => one.id === node);
    if (found) return { pool, node: found };
  }
  throw notFound();
}

const nodeShape = ({ id, instance, booted }: LkeNodeRecord) => ({
  id,
  instance_id: instance,
  status: booted ? 'ready' : 'not_ready',
});

const poolShape = ({ id, type, count, autoscaler, labels, taints, tags, label, nodes }: LkePoolRecord) => ({
  id,
  type,
  count,
  autoscaler,
  labels,
  taints,
  tags,
  // Of accounts that take part in a trial only; the others see none.
  ...(label === '' ? {} : { label }),
  nodes: nodes.map(nodeShape),
  disks: [],
  disk_encryption: 'enabled',
  firewall_id: 0,
});

/** The range of a pool that says none is its count. @throws LinodeError 400 */
function rangeOf(asked: z.output<typeof autoscaler> | null | undefined, count: number): LkePoolRecord['autoscaler'] {
  if ((asked?.min === undefined) !== (asked?.max === undefined))
    throw invalid('min and max must be given together', 'autoscaler');
  const { enabled = false, min = count, max = count } = asked ?? {};
  if (min > max) throw invalid('min must be less than or equal to max', 'autoscaler.min');
  return { enabled, min, max };
}

/** @throws LinodeError 400 */
export function makePool(world: World, region: string, order: z.output<typeof poolBody>): LkePoolRecord {
  const type = typeNamed(order.type);
  if (!type || type.class === 'nanode' || !isOffered(type, region)) throw invalid('type is not valid', 'type');
  return {
    id: world.newId(),
    type: order.type,
    count: order.count,
    autoscaler: rangeOf(order.autoscaler, order.count),
    labels: order.labels ?? {},
    taints: order.taints ?? [],
    tags: order.tags ?? [],
    label: order.label ?? '',
    nodes: [],
    queue: [],
  };
}

function changePool(world: World, cluster: LkeClusterRecord, pool: LkePoolRecord, body: unknown): void {
  const change = readBody(changeBody, body);
  const before = [...Object.keys(pool.labels), ...pool.taints.map(({ key }) => key)];
  if (change.count !== undefined) pool.count = change.count;
  if (change.autoscaler) pool.autoscaler = rangeOf(change.autoscaler, pool.count);
  if (pool.autoscaler.enabled) pool.count = Math.min(Math.max(pool.count, pool.autoscaler.min), pool.autoscaler.max);
  Object.assign(pool, {
    labels: change.labels ?? pool.labels,
    taints: change.taints ?? pool.taints,
    tags: change.tags ?? pool.tags,
    label: change.label ?? pool.label,
  });
  if (change.labels || change.taints)
    world.kubernetes.marked(cluster.id, { pool: pool.id, labels: pool.labels, taints: pool.taints }, before);
  converge(world, cluster, pool);
}

const path = '/lke/clusters/{id}/pools';
const nodePath = '/lke/clusters/{id}/nodes/{word}';

export const lkePoolRoutes: readonly Route[] = [
  list(path, ['count', 'type', 'tags'], (world, { id }) => findCluster(world, id).pools.map(poolShape)),
  get(`${path}/{subId}`, (world, { id, subId }) => ({ body: poolShape(findPool(world, id, subId)) })),
  post(path, (world, { id, body }) => {
    const cluster = findCluster(world, id);
    const pool = makePool(world, cluster.region, readBody(poolBody, body));
    cluster.pools.push(pool);
    tell(world, 'lke_pool_create', entityOf(cluster));
    converge(world, cluster, pool);
    return { body: poolShape(pool) };
  }),
  put(`${path}/{subId}`, (world, { id, subId, body }) => {
    const pool = findPool(world, id, subId);
    changePool(world, findCluster(world, id), pool, body);
    return { body: poolShape(pool) };
  }),
  remove(`${path}/{subId}`, (world, { id, subId }) => {
    const cluster = findCluster(world, id);
    const pool = findPool(world, id, subId);
    if (cluster.pools.length === 1) throw invalid('A cluster must have at least one node pool.');
    for (const node of [...pool.nodes]) dropNode(world, cluster, pool, node);
    cluster.pools = cluster.pools.filter((one) => one !== pool);
    tell(world, 'lke_pool_delete', entityOf(cluster));
    return { body: {} };
  }),
  post(`${path}/{subId}/recycle`, (world, { id, subId }) => {
    recyclePool(world, findCluster(world, id), findPool(world, id, subId));
    return { body: {} };
  }),
  get(nodePath, (world, { id, word }) => ({ body: nodeShape(findNode(world, id, word).node) })),
  post(`${nodePath}/recycle`, (world, { id, word }) => {
    const { pool, node } = findNode(world, id, word);
    recycleNode(world, findCluster(world, id), pool, node);
    return { body: {} };
  }),
  // The pool has one place less from then on.
  remove(nodePath, (world, { id, word }) => {
    const { pool, node } = findNode(world, id, word);
    const cluster = findCluster(world, id);
    if (pool.count === 1) throw invalid('A node pool must have at least one node.');
    pool.count -= 1;
    tell(world, 'lke_node_delete', entityOf(cluster));
    dropNode(world, cluster, pool, node);
    return { body: {} };
  }),
];
