import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { successorsOf } from '../../src/domain/index.js';

/** `web-2`, or `web-2'` for another machine in its slot; pool `cp` is the servers. */
const machine = (name: string) => {
  const [pool = '', slot] = name.replace(/'$/, '').split('-');
  const role = pool === 'cp' ? ('control-plane' as const) : ('worker' as const);
  return { name, pool, role, slot: Number(slot) };
};
const machines = (text: string) => (text === '' ? [] : text.split(' ').map(machine));

describe('successorsOf', () => {
  it.each<[string, string, string, string, Readonly<Record<string, string>>]>([
    [
      'the machine in its own slot',
      'web-1 web-2',
      "web-1' web-2'",
      "web-1' web-2'",
      { 'web-1': "web-1'", 'web-2': "web-2'" },
    ],
    ['the machine in its own slot that is up already', 'web-1', "web-1' web-2", '', { 'web-1': "web-1'" }],
    ['nobody where a pool just gets smaller', 'web-3', 'web-1 web-2', '', {}],
    [
      'a newcomer each where one pool takes the place of another',
      'old-1 old-2',
      'new-1 new-2',
      'new-1 new-2',
      { 'old-1': 'new-1', 'old-2': 'new-2' },
    ],
    ['newcomers as far as they go', 'old-2 old-1', 'new-1', 'new-1', { 'old-2': 'new-1' }],
    ['its own pool’s newcomers rather than others', 'a-3 b-3', 'b-1 a-1', 'b-1 a-1', { 'a-3': 'a-1', 'b-3': 'b-1' }],
    ['no newcomer that is somebody’s own', 'old-1 web-2', "web-2'", "web-2'", { 'web-2': "web-2'" }],
    ['nobody of another role', 'cp-3', 'web-2', 'web-2', {}],
  ])('gives a machine that leaves %s', (_, leaving, desired, coming, expected) => {
    const all = machines(desired);
    const newcomers = all.filter(({ name }) => coming.split(' ').includes(name));
    const found = successorsOf(machines(leaving), all, newcomers);
    expect(Object.fromEntries([...found].map(([name, to]) => [name, to.name]))).toEqual(expected);
  });

  it('never lets fewer be in service than before or after, whichever is less, in any order', () => {
    const slots = fc.uniqueArray(fc.constantFrom('a-1', 'a-2', 'a-3', 'b-1', 'b-2', 'b-3'));
    fc.assert(
      fc.property(slots, slots, slots, fc.array(fc.nat(20)), (stay, come, leave, order) => {
        const newcomers = come.filter((name) => !stay.includes(name)).map((name) => machine(`${name}'`));
        const desired = [...stay.map(machine), ...newcomers];
        const leaving = leave.filter((name) => !stay.includes(name)).map(machine);
        const successors = successorsOf(leaving, desired, newcomers);
        const up = new Set([...stay, ...leaving.map(({ name }) => name)]);
        const least = Math.min(up.size, desired.length);
        const moves = [
          ...newcomers.map(({ name }) => ({ may: () => true, do: () => up.add(name) })),
          ...leaving.map(({ name }) => {
            const to = successors.get(name);
            return { may: () => to === undefined || up.has(to.name), do: () => up.delete(name) };
          }),
        ];
        while (moves.length > 0) {
          const open = moves.filter(({ may }) => may());
          const next = open[(order.pop() ?? 0) % open.length]!;
          next.do();
          moves.splice(moves.indexOf(next), 1);
          expect(up.size).toBeGreaterThanOrEqual(least);
        }
        expect(up.size).toBe(desired.length);
      }),
      { numRuns: 1000 },
    );
  });
});
