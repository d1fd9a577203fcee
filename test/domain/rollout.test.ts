import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { judgeWave, planRollout, type RolloutBudget, type RolloutNode, type Voter } from '../../src/domain/index.js';
import { type Fate, type Place, Simulator, successorOf } from './rollout-simulator.js';

const budget = (some: Partial<RolloutBudget> = {}): RolloutBudget => ({
  maxUnavailable: 1,
  maxSurge: 0,
  canary: 0,
  soakMs: 0,
  ...some,
});

/** `a b` change in place, `a>` is replaced, `a-` leaves, `a.` stays; `!` before it: it is down; `a>+` its successor is up. */
const nodes = (text: string): readonly RolloutNode[] =>
  text.split(' ').map((word) => {
    const [, down, name = '', mark = ''] = /^(!?)(\w+)(.*)$/.exec(word)!;
    const work = mark === '' ? 'in-place' : mark === '.' ? 'stay' : mark === '-' ? 'remove' : 'replace';
    const is = mark === '>+' ? 'up' : mark === '>~' ? 'coming' : 'absent';
    return {
      name,
      work,
      up: down === '',
      ...(work === 'replace' ? { successor: { name: successorOf(name), is } } : {}),
    };
  });
const members = (text: string): readonly Voter[] =>
  text.split(' ').map((word) => ({ name: word.replace('!', ''), voting: !word.startsWith('!') }));
const waves = (...args: Parameters<typeof planRollout>): readonly string[] =>
  planRollout(...args).waves.map(({ tasks }) =>
    tasks
      .map(({ name, work, successor }) => (work === 'replace' ? `${name}${successor?.first ? '>' : '<'}` : name))
      .join(' '),
  );

describe('planRollout', () => {
  it.each<[string, string, Partial<RolloutBudget>, readonly string[]]>([
    ['one after another within a budget of one', 'a b c', {}, ['a', 'b', 'c']],
    ['as many at once as may be down', 'a b c', { maxUnavailable: 2 }, ['a b', 'c']],
    ['fewer while one that stays is down', 'a b c !d.', { maxUnavailable: 2 }, ['a', 'b', 'c']],
    ['what is down first, as it costs nothing', 'a !b !c', { maxUnavailable: 1 }, ['b', 'c', 'a']],
    ['a canary before the rest', 'a b c d', { maxUnavailable: 3, canary: 1 }, ['a', 'b c d']],
    ['successors before those that they replace', 'a> b> c>', { maxUnavailable: 0, maxSurge: 2 }, ['a> b>', 'c>']],
    ['some with a successor first and some without', 'a> b> c>', { maxSurge: 1 }, ['a> b<', 'c>']],
    ['what an earlier run began before all else', 'a> b>~ c>+', { maxUnavailable: 0, maxSurge: 1 }, ['b>', 'c>', 'a>']],
    ['what just leaves last', 'a- b c-', { maxUnavailable: 2 }, ['b a', 'c']],
    ['what is dead and leaves before all else', 'a b>~ !c-', {}, ['c', 'b>', 'a']],
    [
      'fewer new successors while some of an earlier run are there',
      'a>+ b> c>',
      { maxUnavailable: 0, maxSurge: 2 },
      ['a> b>', 'c>'],
    ],
  ])('%s: %s', (_, text, some, expected) => {
    expect(waves(nodes(text), budget(some))).toEqual(expected);
    expect(planRollout(nodes(text), budget(some)).blocked).toBeUndefined();
  });

  it('takes servers one at a time, whatever the budget', () => {
    expect(waves(nodes('a b c'), budget({ maxUnavailable: 3 }), members('a b c'))).toEqual(['a', 'b', 'c']);
  });

  it('changes a lone server where it is: there is nobody to lose the quorum to', () => {
    expect(waves(nodes('a'), budget(), members('a'))).toEqual(['a']);
  });

  it.each<[string, string, Partial<RolloutBudget>, string | undefined, readonly string[], RegExp]>([
    ['others are down', 'a b !c.', {}, undefined, [], /^c is down, and no more than 1 may be\.$/],
    ['the budget lets nothing happen', 'a>', { maxUnavailable: 0 }, undefined, [], /lets no node be down/],
    ['etcd would lose its quorum', 'a b c.', {}, 'a b !c', [], /^Without a only 1 of 3 servers would vote/],
    ['a member is down that is no node any more', 'a b', {}, 'a b !gone', [], /^Without a only 1 of 3/],
    ['one of two servers would be missed', 'a b', {}, 'a b', [], /^Without a only 1 of 2/],
    ['the last server would leave', 'a-', {}, 'a', [], /^Taking away a would leave 0 of 0/],
    ['etcd has no quorum for anybody to join', 'a> b.', { maxSurge: 1 }, 'a !b', [], /^a' cannot join: of 2 /],
    [
      'a server that left etcd cannot come back',
      '!a b.',
      {},
      'b !c',
      [],
      /^a cannot join: of 2 servers in etcd 1 vote/,
    ],
    ['no server is left to take over', 'a- b-', {}, 'a b', ['a'], /^Taking away b /],
  ])('goes no further where %s', (_, text, some, voters, expected, because) => {
    const rollout = planRollout(nodes(text), budget(some), voters === undefined ? undefined : members(voters));
    expect(rollout.waves.map(({ tasks }) => tasks.map(({ name }) => name).join(' '))).toEqual(expected);
    expect(rollout.blocked?.because).toMatch(because);
  });

  it('replaces a dead server, for which one that votes comes first', () => {
    expect(waves(nodes('!a> b. c.'), budget({ maxSurge: 1 }), members('!a b c'))).toEqual(['a>']);
  });
});

describe('judgeWave', () => {
  const [first, second] = planRollout(nodes('a b'), budget()).waves as [never, never];
  it.each<[string, string, string | undefined, number, string]>([
    ['all are up', 'a. b c.', undefined, 1, 'go'],
    ['what was changed is down', '!a b c.', undefined, 1, 'put back'],
    ['another went down', 'a. b !c.', undefined, 1, 'stop'],
    ['another is down and may be', 'a. b !c.', undefined, 2, 'go'],
    ['the next one went down itself', 'a. !b c.', undefined, 1, 'go'],
    ['the next one would cost the quorum', 'a. b c.', 'a b !c', 2, 'stop'],
  ])('answers, where %s (%s; etcd: %s; %d may be down): %s', (_, text, voters, maxUnavailable, answer) => {
    const state = { nodes: nodes(text), members: voters === undefined ? undefined : members(voters) };
    expect(judgeWave(first, second, state, { maxUnavailable }, 0).answer).toBe(answer);
  });

  it('lets what takes nothing down go on beside places that were down from the first', () => {
    const [before, next] = planRollout(nodes('a> b> !c. !d.'), budget({ maxSurge: 1 })).waves as [never, never];
    const answer = (text: string, downAtFirst: number) =>
      judgeWave(before, next, { nodes: nodes(text), members: undefined }, budget(), downAtFirst).answer;
    expect(answer('a. b> !c. !d.', 2)).toBe('go');
    expect(answer('a. b> !c. !d. !e.', 2)).toBe('stop');
  });
});

describe('a rollout', () => {
  const world = fc.record({
    servers: fc.boolean(),
    works: fc.array(fc.constantFrom('stay', 'in-place', 'replace', 'remove'), { minLength: 1, maxLength: 9 }),
    budget: fc.record({
      maxUnavailable: fc.nat(4),
      maxSurge: fc.nat(4),
      canary: fc.nat(2),
      soakMs: fc.constant(0),
    }),
  });
  const chances = fc.record({
    step: fc.nat(30),
    death: fc.nat(20),
    interruption: fc.nat(20),
    bootstrapServer: fc.infiniteStream(fc.nat(9_999)),
  });
  const placesOf = (works: readonly Place['work'][]): readonly Place[] =>
    works.map((work, i) => ({ name: `n${i + 1}`, work }));
  const kind: Fate = { strikes: () => false, pick: () => 0 };

  /** Percent of the times at which something goes wrong, for a number of runs; none after that. */
  class Chance implements Fate {
    isOver = false;
    constructor(private readonly of: { step: number; death: number; interruption: number; bootstrapServer: Stream }) {}
    strikes = (what: 'step' | 'death' | 'interruption'): boolean => !this.isOver && this.#next() % 100 < this.of[what];
    pick = (below: number): number => this.#next() % below;
    #next = (): number => this.of.bootstrapServer.next().value as number;
  }

  const machinesOf = (simulator: Simulator): readonly string[] =>
    [...simulator.machines].map(([name, { up, isNew }]) => `${name} ${up} ${isNew}`).sort();

  it('takes down no more than its budget, keeps the quorum, and ends, whatever fails on the way', () => {
    fc.assert(
      fc.property(world, chances, fc.nat(6), ({ servers, works, budget: allowed }, of, badRuns) => {
        const fate = new Chance(of);
        // Throws where it takes down too many or costs the quorum.
        const simulator = new Simulator(placesOf(works), allowed, fate, servers);
        for (let run = 0; run < badRuns; run++) simulator.run();
        fate.isOver = true;
        simulator.heal();
        const ended = simulator.run();
        // Nothing fails any more, so that it is done, or says what stands in the way; and running it again changes nothing.
        const after = machinesOf(simulator);
        expect(simulator.run()).toBe(ended);
        expect(machinesOf(simulator)).toEqual(after);
        if (ended === true) expect(simulator.nodes().every(({ work, up }) => work === 'stay' && up)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('ends the same when it is interrupted anywhere and planned again', () => {
    fc.assert(
      fc.property(world, chances, fc.nat(6), ({ servers, works, budget: allowed }, of, badRuns) => {
        const undisturbed = new Simulator(placesOf(works), allowed, kind, servers);
        // Two servers are no control plane that may miss one: whether they ever could depends on who died when.
        fc.pre(!servers || works.filter((work) => work !== 'remove').length !== 2);
        fc.pre(undisturbed.run() === true);
        const fate = new Chance(of);
        const simulator = new Simulator(placesOf(works), allowed, fate, servers);
        for (let run = 0; run < badRuns; run++) simulator.run();
        fate.isOver = true;
        simulator.heal();
        expect(simulator.run()).toBe(true);
        expect(machinesOf(simulator)).toEqual(machinesOf(undisturbed));
      }),
      { numRuns: 1500 },
    );
  });
});

type Stream = fc.Stream<number>;
