import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { planRollout, quorum, quorumLoss, type Voter } from '../../src/domain/index.js';

describe('servers that go one after another', () => {
  const servers = (voting: string) => [...voting].map((vote, i) => ({ name: `s${i + 1}`, voting: vote === 'v' }));
  it.each<[string, readonly string[], string | undefined]>([
    ['vvv', ['s3', 's2'], undefined],
    ['vvv', ['s3', 's2', 's1'], 's1'],
    ['vv-', ['s3'], undefined],
    ['vv-', ['s2'], 's2'],
    ['vvvv-', ['s5', 's4', 's3'], undefined],
    ['vvv--', ['s1'], 's1'],
    ['vv--', ['s4'], 's4'],
    ['v--', ['s3', 's2'], 's3'],
    ['vv', ['s7', 's2'], undefined],
    ['vv', ['s7', 's2', 's1'], 's1'],
    ['v', ['s1'], 's1'],
  ])('%s: taking away %j stops at %s', (voting, leaving, at) => {
    const nodes = leaving.map((name) => ({ name, work: 'remove' as const, up: true }));
    const budget = { maxUnavailable: 0, maxSurge: 1, canary: 0, soakMs: 0 };
    const loss = planRollout(nodes, budget, servers(voting)).blocked?.because;
    if (at === undefined) expect(loss).toBeUndefined();
    else expect(loss).toContain(`Taking away ${at} `);
  });
});

describe('the rule by which a server may be taken out of etcd', () => {
  const members = fc
    .array(fc.boolean(), { minLength: 1, maxLength: 9 })
    .map((votes): readonly Voter[] => votes.map((voting, i) => ({ name: `s${i + 1}`, voting })));
  const voting = (some: readonly Voter[]): number => some.filter((one) => one.voting).length;

  it('lets one go exactly where there is a quorum before and after', () => {
    fc.assert(
      fc.property(members, fc.nat(8), (all, at) => {
        const leaving = all[at % all.length]!.name;
        const rest = all.filter(({ name }) => name !== leaving);
        const may = rest.length > 0 && voting(all) >= quorum(all.length) && voting(rest) >= quorum(rest.length);
        expect(quorumLoss(leaving, all) === undefined).toBe(may);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a quorum through any row of servers that it lets go', () => {
    fc.assert(
      fc.property(members, fc.infiniteStream(fc.nat(8)), (all, order) => {
        let left = all;
        for (let turn = 0; turn < all.length; turn++) {
          const { name } = left[order.next().value! % left.length]!;
          if (quorumLoss(name, left) !== undefined) continue;
          expect(voting(left)).toBeGreaterThanOrEqual(quorum(left.length));
          left = left.filter((one) => one.name !== name);
          expect(voting(left)).toBeGreaterThanOrEqual(quorum(left.length));
        }
        expect(left).not.toHaveLength(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('lets anything go that is no voting member', () => {
    fc.assert(
      fc.property(members, (all) => {
        expect(quorumLoss('other', all)).toBeUndefined();
      }),
    );
  });
});
