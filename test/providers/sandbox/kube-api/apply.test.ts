import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { serverSideApply, trackUpdate } from '../../../../providers/sandbox/kube-api/apply.js';
import type { Obj } from '../../../../providers/sandbox/kube-api/objects.js';
import { jsonPatch, mergePatch, strategicPatch } from '../../../../providers/sandbox/kube-api/patches.js';

const time = '2026-11-20T10:00:00Z';
const config = (data: Record<string, string>): Obj => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'default' },
  data,
});
const apply = (current: Obj | undefined, desired: Obj, manager = 'slipway', force = false): Obj =>
  serverSideApply(current, desired, manager, force, time);

describe('server-side apply', () => {
  it('is a no-op the second time, whatever the data', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (data) => {
        const once = apply(undefined, config(data));
        expect(apply(once, config(data))).toEqual(once);
      }),
    );
  });

  it('takes away what its manager no longer applies, and nothing of anybody else', () => {
    const mine = apply(undefined, config({ x: '1', y: '2' }));
    const both = apply(mine, config({ z: '3' }), 'other');
    const less = apply(both, config({ x: '1' }));
    expect(less['data']).toEqual({ x: '1', z: '3' });
  });

  it('names the manager and the field of each conflict, and overrides it by force', () => {
    const mine = apply(undefined, config({ x: '1' }));
    expect(() => apply(mine, config({ x: '2' }), 'other')).toThrow('conflict with "slipway": .data.x');
    const forced = apply(mine, config({ x: '2' }), 'other', true);
    expect(forced['data']).toEqual({ x: '2' });
    expect(forced.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['other']);
  });

  it('lets managers agree on a value', () => {
    const both = apply(apply(undefined, config({ x: '1' })), config({ x: '1' }), 'other');
    expect(apply(both, config({}))['data']).toEqual({ x: '1' });
  });

  it('conflicts with what a plain update set', () => {
    const before = apply(undefined, config({ x: '1' }));
    const after = { ...before, data: { x: '9' } };
    trackUpdate(before, after, 'kubectl-edit', time);
    expect(() => apply(after, config({ x: '1' }))).toThrow('conflict with "kubectl-edit"');
  });

  it('takes a selector of a policy as a whole: another manager’s is a conflict, and is replaced by force', () => {
    const policy = (matchLabels: Record<string, string>): Obj => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'a', namespace: 'default' },
      spec: { podSelector: { matchLabels } },
    });
    const theirs = apply(undefined, policy({ app: 'shop' }), 'other');
    expect(() => apply(theirs, policy({ tier: 'db' }))).toThrow('conflict with "other": .spec.podSelector');
    const forced = apply(theirs, policy({ tier: 'db' }), 'slipway', true);
    expect(forced.spec).toEqual({ podSelector: { matchLabels: { tier: 'db' } } });
  });

  it('merges keyed lists item by item', () => {
    const pod = (image: string, name: string): Obj => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name, image }] },
    });
    const both = apply(apply(undefined, pod('a', 'one')), pod('b', 'two'), 'other');
    expect(both.spec?.['containers']).toEqual([
      { name: 'one', image: 'a' },
      { name: 'two', image: 'b' },
    ]);
  });
});

describe('patches', () => {
  // RFC 7386, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('merge %j with %j', (target, patch, result) => expect(mergePatch(target, patch)).toEqual(result));

  it('merges taints by key and effect and deletes by $patch', () => {
    const node = {
      spec: {
        taints: [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'b', effect: 'NoExecute' },
        ],
      },
    };
    const patch = {
      spec: {
        taints: [
          { key: 'a', effect: 'NoSchedule', value: 'x' },
          { key: 'b', effect: 'NoExecute', $patch: 'delete' },
        ],
      },
    };
    expect(strategicPatch(node, patch)).toEqual({ spec: { taints: [{ key: 'a', effect: 'NoSchedule', value: 'x' }] } });
  });

  it('refuses a JSON patch whose test fails and leaves the target alone', () => {
    const target = { a: [1, 2] };
    expect(
      jsonPatch(target, [
        { op: 'add', path: '/a/-', value: 3 },
        { op: 'remove', path: '/a/0' },
      ]),
    ).toEqual({ a: [2, 3] });
    expect(() => jsonPatch(target, [{ op: 'test', path: '/a/0', value: 9 }])).toThrow(
      'the server rejected our request due to an error in our request',
    );
    expect(target).toEqual({ a: [1, 2] });
  });
});
