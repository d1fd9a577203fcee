import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describePatch } from '../../src/phases/labels.js';
import { joinPatch, nodePatch, ownedAnnotation, type DesiredMarks } from '../../src/phases/node-patch.js';
import type { NodePatch, NodeTaint } from '../../src/kube/types.js';

const pool = { 'slipway.dev/pool': 'web' };
const desired = (change: Partial<DesiredMarks> = {}): DesiredMarks => ({
  labels: pool,
  taints: [],
  owned: [],
  ...change,
});

interface Node {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  taints: readonly NodeTaint[];
}

/** A merge patch, as the API applies it. */
function patched(node: Node, { labels = {}, annotations = {}, taints }: NodePatch): Node {
  const merge = (map: Record<string, string>, changes: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(
      Object.entries({ ...map, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
    );
  return {
    labels: merge(node.labels, labels),
    annotations: merge(node.annotations, annotations),
    taints: taints ?? node.taints,
  };
}

const apply = (node: Node, marks: DesiredMarks): Node => {
  const patch = nodePatch(node, marks);
  return patch ? patched(node, patch) : node;
};

describe('the labels and taints of a node', () => {
  const fresh: Node = { labels: { ...pool, 'somebody/else': 'x' }, annotations: {}, taints: [] };

  it('come with an end of our own cordon when the node is to stay after all', () => {
    const cordoned = { ...fresh, annotations: { 'slipway.dev/cordoned-for': 'drain' } };
    const patch = nodePatch(cordoned, desired());
    expect(patch).toEqual({ annotations: { 'slipway.dev/cordoned-for': null }, unschedulable: false });
    expect(describePatch(patch!)).toBe('uncordon it: a run that was to remove it was stopped');
  });

  it('need no change and no note where the pool asks for nothing of its own', () => {
    expect(nodePatch(fresh, desired())).toBeUndefined();
    expect(joinPatch(desired(), pool)).toBeUndefined();
  });

  it('go again when they leave the file, and those of others stay', () => {
    const taint = { key: 'slipway.dev/platform', effect: 'NoSchedule' };
    const foreign = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
    const marked = apply(
      { ...fresh, taints: [foreign] },
      desired({ labels: { ...pool, tier: 'web', rack: '1' }, taints: [taint] }),
    );
    expect(marked).toMatchObject({ labels: { tier: 'web', rack: '1' }, taints: [foreign, taint] });
    const less = apply(marked, desired({ labels: { ...pool, tier: 'web' } }));
    expect(less).toMatchObject({ labels: { ...pool, tier: 'web', 'somebody/else': 'x' }, taints: [foreign] });
    expect(less.labels).not.toHaveProperty('rack');
    const none = apply(less, desired());
    expect(none).toEqual({ ...fresh, taints: [foreign] });
  });

  it('of a node that joins are noted, so that they can go later', () => {
    const marks = desired({ labels: { ...pool, tier: 'web' } });
    const patch = joinPatch(marks, marks.labels);
    expect(patch).toEqual({ annotations: { [ownedAnnotation]: '{"labels":["tier"],"taints":[]}' } });
    const joined = patched({ labels: { ...marks.labels }, annotations: {}, taints: [] }, patch!);
    expect(nodePatch(joined, marks)).toBeUndefined();
    expect(apply(joined, desired()).labels).toEqual(pool);
  });

  it('are left alone where the note cannot be read', () => {
    const node = { ...fresh, labels: { ...pool, tier: 'web' }, annotations: { [ownedAnnotation]: 'not json' } };
    expect(apply(node, desired()).labels).toEqual({ ...pool, tier: 'web' });
  });

  it('take the control plane’s taint away with the last pool, whoever wrote it', () => {
    const key = 'node-role.kubernetes.io/control-plane';
    const server: Node = { ...fresh, taints: [{ key, value: 'true', effect: 'NoSchedule' }] };
    expect(nodePatch(server, desired({ owned: [key] }))).toEqual({ taints: [] });
  });

  const key = fc.constantFrom('a', 'b', 'c', 'x.example/d');
  const marks = fc.record({
    labels: fc.dictionary(key, fc.constantFrom('1', '2')).map((labels) => ({ ...labels, ...pool })),
    taints: fc
      .uniqueArray(fc.record({ key, effect: fc.constantFrom('NoSchedule', 'NoExecute') }), {
        selector: (taint) => `${taint.key}:${taint.effect}`,
      })
      .map((taints): readonly NodeTaint[] => taints),
    owned: fc.constant([]),
  });

  it('are right after one patch, whatever was asked before, and stay so', () => {
    fc.assert(
      fc.property(fc.array(marks, { minLength: 1, maxLength: 4 }), (history) => {
        let node: Node = {
          labels: { other: 'kept' },
          annotations: {},
          taints: [{ key: 'other', effect: 'NoSchedule' }],
        };
        for (const wish of history) {
          node = apply(node, wish);
          expect(node.labels).toEqual({ other: 'kept', ...wish.labels });
          expect(new Set(node.taints.map(({ key: name, effect }) => `${name}:${effect}`))).toEqual(
            new Set(['other:NoSchedule', ...wish.taints.map(({ key: name, effect }) => `${name}:${effect}`)]),
          );
          expect(nodePatch(node, wish)).toBeUndefined();
        }
      }),
    );
  });
});
