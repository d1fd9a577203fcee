import { labelKeys } from '../../domain/labels.js';
import type { NodeFacts } from '../../kube/types.js';

interface PooledNode {
  readonly name: string;
  readonly pool: string;
  /** Undefined where its labels do not tell. */
  readonly type?: string | undefined;
}

/** Nodes that somebody else makes, by what their labels tell. */
export const nodesInPools = (nodes: ReadonlyMap<string, NodeFacts> | undefined): readonly PooledNode[] =>
  [...(nodes?.values() ?? [])].flatMap(({ name, labels }) => {
    const { [labelKeys.pool]: pool, 'node.kubernetes.io/instance-type': type } = labels;
    return pool === undefined ? [] : [{ name, pool, type }];
  });
