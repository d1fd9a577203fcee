import { describe, expect, it } from 'vitest';

import { Secret } from '../../../src/domain/index.js';
import type { FoundHost, K3sFacts } from '../../../src/distributions/k3s/context.js';
import { chooseBootstrapServer, mayBeginAnew } from '../../../src/distributions/k3s/bootstrap-server.js';
import { refuseLostControlPlane } from '../../../src/distributions/k3s/lost-control-plane.js';

type Found = 'silent' | 'data' | 'no data' | 'runs' | 'missing';
const states: Readonly<Record<string, FoundHost>> = {
  data: { unit: 'server', active: false, etcdData: true },
  'no data': { unit: 'server', active: false, etcdData: false },
  runs: { unit: 'server', active: true, etcdData: true },
};

/** Servers of the file by name, and ones that are to go; where it is not said, no API answers. */
function facts(
  servers: Readonly<Record<string, Found>>,
  leaving: Readonly<Record<string, Found>> = {},
  ranOnce = true,
  answers = false,
) {
  const machine = (name: string) => ({ name, role: 'control-plane' as const });
  const found = Object.entries({ ...servers, ...leaving }).filter(([, state]) => state in states);
  return {
    comparison: {
      desired: Object.keys(servers).map(machine),
      current: Object.keys(servers)
        .filter((name) => servers[name] !== 'missing')
        .map(machine),
      excess: Object.keys(leaving).map(machine),
      missing: [],
    },
    hosts: new Map(found.map(([name, state]) => [name, states[state]!])),
    nodes: undefined,
    api: answers ? {} : undefined,
    kubeconfig: ranOnce ? new Secret('server: https://10.0.0.1:6443') : undefined,
  } as unknown as K3sFacts;
}
const seed = (...args: Parameters<typeof facts>): string => {
  const found = facts(...args);
  return chooseBootstrapServer({ facts: found }, found.comparison.desired).name;
};
const refused =
  (...args: Parameters<typeof facts>) =>
  () =>
    refuseLostControlPlane('demo', facts(...args));

describe('the server that the others join', () => {
  it.each<[string, Parameters<typeof facts>, string]>([
    ['one that runs', [{ a: 'silent', b: 'no data', c: 'runs' }], 'c'],
    ['one that has the data, where none runs', [{ a: 'silent', b: 'no data', c: 'data' }], 'c'],
    [
      'rather one of which nobody knows than one that would begin another cluster',
      [{ a: 'no data', b: 'silent' }],
      'b',
    ],
    ['never one that is yet to be made, while another may have the data', [{ a: 'missing', b: 'silent' }], 'b'],
    ['the first one of a cluster that never ran', [{ a: 'missing', b: 'missing' }, {}, false], 'a'],
    ['the one that came furthest, where the first start was cut short', [{ a: 'no data', b: 'data' }, {}, false], 'b'],
  ])('is %s', (_what, args, expected) => {
    expect(seed(...args)).toBe(expected);
  });
});

describe('a cluster that has run and does not answer', () => {
  it.each<[string, Parameters<typeof facts>]>([
    ['none of its servers is there', [{ a: 'missing', b: 'missing' }]],
    ['those that are there have no data', [{ a: 'no data', b: 'missing' }]],
    ['the only one that may have the data is to go', [{ a: 'missing' }, { old: 'silent' }]],
    ['the only one that has the data is to go', [{ a: 'no data' }, { old: 'data' }]],
  ])('is not begun anew where %s', (_what, args) => {
    expect(refused(...args)).toThrow(expect.objectContaining({ code: 'CONTROL_PLANE_LOST' }));
  });

  it('names what has to stay for now', () => {
    expect(refused({ a: 'missing' }, { old: 'data' })).toThrow(/of its servers only old, which is to go/);
  });

  it.each<[string, Parameters<typeof facts>]>([
    ['a server may still have its data', [{ a: 'silent', b: 'missing' }]],
    ['a server has its data', [{ a: 'data', b: 'no data' }]],
    ['it never ran', [{ a: 'no data' }, {}, false]],
  ])('is gone on with where %s', (_what, args) => {
    expect(refused(...args)).not.toThrow();
  });
});

describe('a cluster whose API answers', () => {
  it.each<[string, Parameters<typeof facts>]>([
    ['the one server that is asked for is missing', [{ a: 'missing' }, { b: 'runs', c: 'runs' }, true, true]],
    ['the kubeconfig was lost here besides', [{ a: 'missing' }, { b: 'runs' }, false]],
  ])('gets no second one beside it where those that run are to go and %s', (_what, args) => {
    expect(refused(...args)).toThrow(expect.objectContaining({ code: 'CONTROL_PLANE_LOST' }));
  });

  it('is told to fill the gap first, and to shrink then', () => {
    expect(refused({ a: 'missing' }, { b: 'runs', c: 'runs' }, true, true)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('as many servers as before first') as string }),
    );
  });

  it('is gone on with where one of those that stay runs', () => {
    expect(refused({ a: 'runs', b: 'missing' }, { c: 'runs' }, true, true)).not.toThrow();
  });
});

describe('a first server whose etcd holds nothing', () => {
  const begins = (...args: Parameters<typeof facts>): boolean => mayBeginAnew('a', facts(...args));
  it.each<[string, Parameters<typeof facts>]>([
    ['it is alone', [{ a: 'data' }, {}, false]],
    ['the others are yet to be made', [{ a: 'data', b: 'missing', c: 'missing' }, {}, false]],
    ['the others were looked at, and have no data', [{ a: 'data', b: 'no data' }, { old: 'no data' }, false]],
  ])('may begin anew where %s', (_what, args) => {
    expect(begins(...args)).toBe(true);
  });
  it.each<[string, Parameters<typeof facts>]>([
    ['another has data', [{ a: 'data', b: 'data' }, {}, false]],
    ['another runs', [{ a: 'data', b: 'runs' }, {}, false]],
    ['another is silent', [{ a: 'data', b: 'silent' }, {}, false]],
    ['one that is to go has data', [{ a: 'data' }, { old: 'data' }, false]],
    ['one that is to go is silent', [{ a: 'data' }, { old: 'silent' }, false]],
    ['the cluster has run', [{ a: 'data' }, {}, true]],
  ])('may not begin anew where %s', (_what, args) => {
    expect(begins(...args)).toBe(false);
  });
});
