import type { YAMLMap } from 'yaml';
import { parseDocument, isSeq, isMap, isScalar } from 'yaml';

import { controlPlanePool } from '../domain/machine.js';
import type { MachineChange, PoolSize } from '../domain/pools.js';
import type { PoolSpec } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';

/** What a pool command changes in a cluster file. */
export type PoolEdit =
  | { readonly kind: 'add'; readonly pool: Pick<PoolSpec, 'name' | 'count' | 'standby' | 'type' | 'labels' | 'taints'> }
  | { readonly kind: 'scale' | 'promote'; readonly name: string; readonly size: PoolSize }
  | { readonly kind: 'remove'; readonly name: string };

/**
 * A cluster file's text with one pool changed; comments and everything else stay.
 * @throws UsageError code POOL_NOT_IN_FILE
 */
export function editPools(text: string, edit: PoolEdit): string {
  const document = parseDocument(text);
  // Written back as this person writes: `{a: 1}` or `{ a: 1 }`, and no line folded that was not.
  const written = () => document.toString({ flowCollectionPadding: text.includes('{ '), lineWidth: 0 });
  const pools = document.get('pools');
  if (edit.kind === 'add') {
    const { name, count, standby, type, labels, taints } = edit.pool;
    const entry = document.createNode({
      name,
      ...(type === undefined ? {} : { type: type.length === 1 ? type[0] : type }),
      count,
      ...(standby === 0 ? {} : { standby }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(taints.length === 0 ? {} : { taints }),
    });
    if (isSeq(pools)) pools.add(entry);
    else document.set('pools', document.createNode([entry]));
    return written();
  }
  const index = indexOfPool(pools, edit.name);
  if (edit.kind === 'remove') document.deleteIn(['pools', index]);
  else {
    const pool = document.getIn(['pools', index]) as YAMLMap;
    const changes = Object.entries(edit.size).filter(([, value]) => value !== undefined);
    const [first, ...others] = changes;
    const inPlace = first && others.length === 0 ? withNumber(text, pool.get(first[0], true), first[1]) : undefined;
    if (inPlace !== undefined) return inPlace;
    for (const [key, value] of changes) pool.set(key, value);
  }
  return written();
}

/** A cluster file's text with another release of Kubernetes; comments and everything else stay. */
export function editVersion(text: string, version: string): string {
  const document = parseDocument(text);
  const node = document.getIn(['kubernetes', 'version'], true);
  if (isScalar(node) && node.range && node.anchor === undefined && node.type === 'PLAIN') {
    const [start, end] = node.range;
    if (text.slice(start, end) === node.source) return `${text.slice(0, start)}${version}${text.slice(end)}`;
  }
  document.setIn(['kubernetes', 'version'], version);
  return document.toString({ flowCollectionPadding: text.includes('{ '), lineWidth: 0 });
}

/** @throws UsageError code POOL_NOT_IN_FILE */
function indexOfPool(pools: unknown, name: string): number {
  const index = isSeq(pools) ? pools.items.findIndex((item) => isMap(item) && item.get('name') === name) : -1;
  if (index >= 0) return index;
  throw new UsageError(`The cluster file has no pool called ${name}.`, {
    code: 'POOL_NOT_IN_FILE',
    hint: 'Change the file by hand, then: slipway cluster apply',
  });
}

/**
 * A cluster file's text with other machines; comments and everything else stay.
 * @throws UsageError code POOL_NOT_IN_FILE
 */
export function editMachines(text: string, { pool, type, locations, image }: MachineChange): string {
  const document = parseDocument(text);
  if (image !== undefined) document.set('image', image);
  if (pool !== undefined) {
    const at = pool === controlPlanePool ? ['controlPlane'] : ['pools', indexOfPool(document.get('pools'), pool)];
    const set = (key: string, value: string | readonly string[]): void =>
      document.setIn([...at, key], document.createNode(value, { flow: true }));
    if (type !== undefined) set('type', type.length === 1 ? type[0]! : type);
    if (locations !== undefined) set('locations', locations);
  }
  return document.toString({ flowCollectionPadding: text.includes('{ '), lineWidth: 0 });
}

/** The text with another number where this one stands, byte for byte the same around it; undefined: none stands there. */
function withNumber(text: string, node: unknown, value: number): string | undefined {
  if (!isScalar(node) || !node.range || node.anchor !== undefined) return undefined;
  const [start, end] = node.range;
  return text.slice(start, end) === node.source ? `${text.slice(0, start)}${value}${text.slice(end)}` : undefined;
}
