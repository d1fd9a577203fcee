import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type HealMachine,
  type HealPolicy,
  type HealVerdict,
  type HealView,
  isHealed,
  judgeHealing,
  quorumLoss,
} from '../../src/domain/index.js';

const minute = 60_000;
const policy: HealPolicy = { rebootAfterMs: 3 * minute, replaceAfterMs: 5 * minute, maxWorkersDown: 1 };
const worker = (change: Partial<HealMachine> = {}): HealMachine => ({
  name: 'demo-web-1',
  pool: 'web',
  place: 'web-1',
  role: 'worker',
  machine: 'running',
  confirmedOff: false,
  node: 'ready',
  recent: [],
  ...change,
});
const server = (slot: number, change: Partial<HealMachine> = {}): HealMachine =>
  worker({ name: `demo-cp-${slot}`, pool: 'cp', place: `cp-${slot}`, role: 'control-plane', ...change });
const servers = (...changes: Partial<HealMachine>[]): HealMachine[] =>
  [1, 2, 3].map((slot) => server(slot, changes[slot - 1]));
/** Members are those that have a node; one votes as long as it is Ready. */
const viewOf = (machines: readonly HealMachine[], change: Partial<HealView> = {}): HealView => ({
  providerSilent: undefined,
  apiAnswers: true,
  machines,
  members: machines
    .filter(({ role, node }) => role === 'control-plane' && node !== 'absent')
    .map(({ name, node }) => ({ name, voting: node === 'ready' })),
  canPowerOff: true,
  standbys: [],
  missingStandbys: [],
  ...change,
});
const down = (ms: number) => ({ notReadyMs: ms });

describe('what is done about a worker', () => {
  const joined = (...agoMs: number[]) => agoMs.map((ago) => ({ did: 'join' as const, agoMs: ago }));
  const rebooted = (...agoMs: number[]) => agoMs.map((ago) => ({ did: 'reboot' as const, agoMs: ago }));
  it.each<[string, Partial<HealMachine>, HealVerdict['does'] | 'nothing', RegExp?, Partial<HealView>?]>([
    ['nothing where it runs and is Ready', {}, 'nothing'],
    [
      'it is replaced as soon as its machine is gone, though its node still looks Ready',
      { machine: 'gone' },
      'replace',
    ],
    ['it is replaced where its machine and its node are gone', { machine: 'gone', node: 'absent' }, 'replace'],
    ['it is replaced once its machine is off and its node silent', { machine: 'off', node: down(0) }, 'replace'],
    ['it is replaced where its machine is off and its node gone', { machine: 'off', node: 'absent' }, 'replace'],
    [
      'it is waited for while its machine is off and its node was just heard of',
      { machine: 'off' },
      'wait',
      /heard of/,
    ],
    ['it is waited for while its machine is starting', { machine: 'changing', node: down(9e9) }, 'wait', /started/],
    ['it joins where an interrupted run made its machine', { node: 'absent' }, 'join'],
    [
      'it joins where that was tried once, however long ago',
      { node: 'absent', recent: [{ did: 'join', agoMs: 9 * minute }] },
      'join',
    ],
    [
      'it joins where that was tried again and again within the time that a node is given',
      { node: 'absent', recent: joined(2 * minute, 4 * minute) },
      'join',
    ],
    [
      'one that never boots is replaced, and not tried to join for ever',
      { node: 'absent', recent: joined(minute, 5 * minute) },
      'replace',
      /it was to join 2 times since 5 min ago and never did/,
    ],
    [
      'one that never boots is left to its owner where nobody can cut its power',
      { node: 'absent', recent: joined(minute, 5 * minute) },
      'refuse',
      /--confirm-off/,
      { canPowerOff: false },
    ],
    ['it joins while that machine is still starting', { machine: 'changing', node: 'absent' }, 'join'],
    ['it is given time to come back', { node: down(179_000) }, 'wait', /not been Ready for 3 min; it is given 3 min/],
    ['it is rebooted after that', { node: down(180_000) }, 'reboot', /not been Ready for 3 min/],
    [
      'it is given time after a reboot',
      { node: down(400_000), recent: rebooted(200_000) },
      'wait',
      /rebooted 3 min ago/,
    ],
    [
      'its power is cut and it is replaced where a reboot did not help',
      { node: down(600_000), recent: rebooted(300_000) },
      'replace',
      /a reboot did not help/,
    ],
    [
      'it is left to its owner where nobody can cut its power',
      { node: down(600_000), recent: rebooted(300_000) },
      'refuse',
      /--confirm-off/,
      { canPowerOff: false },
    ],
    [
      'a reboot of before it went down counts for nothing',
      { node: down(180_000), recent: rebooted(200_000) },
      'reboot',
    ],
    [
      'it is replaced where it goes down again after each reboot',
      { node: down(180_000), recent: rebooted(200_000, 900_000) },
      'replace',
      /again after each reboot/,
    ],
    [
      'a fourth new machine within an hour is refused',
      {
        machine: 'gone',
        recent: [
          { did: 'replace', agoMs: 5 * minute },
          { did: 'replace', agoMs: 9 * minute },
          { did: 'replace', agoMs: 59 * minute },
        ],
      },
      'refuse',
      /web-1 was replaced 3 times within an hour/,
    ],
    ['a host that does not answer is left while its node is Ready', { machine: 'silent' }, 'nothing'],
    [
      'a host that does not answer is left to its owner',
      { machine: 'silent', node: down(9e9) },
      'refuse',
      /--confirm-off/,
    ],
    [
      'a host is replaced where its owner says that it is off',
      { machine: 'silent', node: down(0), confirmedOff: true },
      'replace',
      /its owner says/,
    ],
    [
      'nobody’s word counts against a node that is Ready',
      { machine: 'silent', confirmedOff: true },
      'refuse',
      /is Ready/,
    ],
  ])('%s', (_, change, does, because = /./, view = {}) => {
    const { verdicts, refused } = judgeHealing(viewOf([...servers(), worker(change)], view), policy);
    expect(refused).toBeUndefined();
    if (does === 'nothing') return expect(verdicts).toEqual([]);
    expect(verdicts).toMatchObject([{ place: 'web-1', does }]);
    expect(verdicts[0]!.because).toMatch(because);
  });

  it('more of them than the budget are left as they are, whatever happened to them', () => {
    const machines = [1, 2, 3].map((slot) => worker({ name: `w${slot}`, place: `web-${slot}`, machine: 'gone' }));
    const { verdicts } = judgeHealing(viewOf([...servers(), ...machines]), policy);
    expect(verdicts.map(({ does }) => does)).toEqual(['refuse', 'refuse', 'refuse']);
    expect(verdicts[0]!.because).toContain('3 of 3 workers are down, and no more than 1 may be');
  });
});

describe('what stands by', () => {
  const standbys = [{ name: 'demo-web-s1', pool: 'web' }];
  const short = [{ name: 'demo-web-s1', place: 'web-s1', pool: 'web', role: 'worker' }] as const;
  it.each<[string, Partial<HealMachine>, Partial<HealView>, Partial<HealVerdict>[]]>([
    [
      'takes the place of a worker that is gone',
      { machine: 'gone' },
      { standbys },
      [{ does: 'promote', because: 'its machine is gone; the standby demo-web-s1 takes its place' }],
    ],
    [
      'takes the place of one whose power is cut',
      { node: down(600_000), recent: [{ did: 'reboot', agoMs: 300_000 }] },
      { standbys },
      [{ does: 'promote' }],
    ],
    ['is left for worse while a node is given time', { node: down(0) }, { standbys }, [{ does: 'wait' }]],
    ['is left for worse while a reboot may help', { node: down(180_000) }, { standbys }, [{ does: 'reboot' }]],
    ['takes no place in another pool', { machine: 'gone', pool: 'db' }, { standbys }, [{ does: 'replace' }]],
    [
      'is made where it is missing',
      {},
      { missingStandbys: short },
      [{ name: 'demo-web-s1', does: 'prepare', because: 'pool web is short of a standby' }],
    ],
    [
      'is not made while something is left as it is for a reason',
      { machine: 'silent', node: down(9e9) },
      { missingStandbys: short },
      [{ does: 'refuse' }],
    ],
  ])('%s', (_, change, view, verdicts) =>
    expect(judgeHealing(viewOf([...servers(), worker(change)], view), policy).verdicts).toMatchObject(verdicts),
  );

  it('takes one place only, and further ones get fresh machines', () => {
    const lost = [1, 2].map((slot) => worker({ name: `w${slot}`, place: `web-${slot}`, machine: 'gone' }));
    const { verdicts } = judgeHealing(viewOf([...servers(), ...lost], { standbys }), { ...policy, maxWorkersDown: 2 });
    expect(verdicts.map(({ does }) => does)).toEqual(['promote', 'replace']);
  });

  it('waits for a server that is not well', () => {
    const view = viewOf([...servers({ node: down(0) }), worker({ machine: 'gone' })], {
      standbys,
      missingStandbys: short,
    });
    expect(judgeHealing(view, policy).verdicts.map(({ does }) => does)).toEqual(['wait', 'wait', 'wait']);
  });
});

describe('what is done about servers', () => {
  it('one that is lost is replaced while the others keep the majority', () => {
    const { verdicts } = judgeHealing(viewOf(servers({ machine: 'gone' })), policy);
    expect(verdicts).toMatchObject([{ name: 'demo-cp-1', does: 'replace' }]);
  });

  it('two at once are refused', () => {
    const five = [1, 2, 3, 4, 5].map((slot) => server(slot, slot > 3 ? { machine: 'gone', node: down(0) } : {}));
    const { verdicts } = judgeHealing(viewOf(five), policy);
    expect(verdicts.map(({ does }) => does)).toEqual(['refuse', 'refuse']);
    expect(verdicts[0]!.because).toContain('demo-cp-4 and demo-cp-5 are down at once');
  });

  it('without a majority left nothing is done, and it is said what is lost', () => {
    const view = viewOf(servers({ machine: 'gone' }, { machine: 'off' }), { apiAnswers: false });
    expect(judgeHealing(view, policy)).toMatchObject({
      verdicts: [],
      refused: { why: 'quorum', because: expect.stringContaining('demo-cp-1 and demo-cp-2 are off or gone') as string },
    });
  });

  it('those that left etcd already are made anew side by side', () => {
    const gone = { machine: 'gone', node: 'absent' } as const;
    const { verdicts } = judgeHealing(viewOf(servers({}, gone, gone)), policy);
    expect(verdicts.map(({ does }) => does)).toEqual(['replace', 'replace']);
  });

  it('come before workers', () => {
    const view = viewOf([...servers({ node: down(0) }), worker({ machine: 'gone' })]);
    expect(judgeHealing(view, policy).verdicts).toMatchObject([
      { name: 'demo-cp-1', does: 'wait' },
      { name: 'demo-web-1', does: 'wait', because: 'its machine is gone; demo-cp-1, a server, comes first' },
    ]);
  });
});

describe('nothing is done', () => {
  it.each<[string, Partial<HealView>, string]>([
    ['while the provider only limits requests', { providerSilent: 'rate_limit_exceeded' }, 'provider'],
    ['while the API does not answer, although enough servers run', { apiAnswers: false }, 'api'],
    ['while neither answers', { providerSilent: 'no route', apiAnswers: false }, 'provider'],
  ])('%s', (_, change, why) => {
    const all = viewOf([...servers(), worker({ machine: 'gone' })], change);
    expect(judgeHealing(all, policy)).toMatchObject({ verdicts: [], refused: { why } });
  });
});

describe('whatever is seen', () => {
  const node = fc.oneof(
    fc.constantFrom('ready' as const, 'absent' as const),
    fc.integer({ min: 0, max: 20 * minute }).map(down),
  );
  const recent = fc.array(
    fc.record({
      did: fc.constantFrom('reboot' as const, 'replace' as const, 'join' as const),
      agoMs: fc.nat(2 * 3_600_000),
    }),
    { maxLength: 4 },
  );
  const machines = fc
    .tuple(
      fc.constantFrom(1, 3, 5),
      fc.array(
        fc.record({
          machine: fc.constantFrom('running', 'changing', 'off', 'gone', 'silent'),
          confirmedOff: fc.boolean(),
          node,
          recent,
        }),
        { minLength: 12, maxLength: 12 },
      ),
    )
    .map(([count, all]) =>
      all.map((one, index) =>
        index < count
          ? server(index + 1, one as Partial<HealMachine>)
          : worker({ ...(one as Partial<HealMachine>), name: `w${index}`, place: `web-${index}` }),
      ),
    );
  const views = fc
    .tuple(machines, fc.boolean(), fc.boolean(), fc.option(fc.constant('limited'), { nil: undefined }))
    .map(([all, apiAnswers, canPowerOff, providerSilent]) =>
      viewOf(all, { apiAnswers, canPowerOff, providerSilent, standbys: [{ name: 's1', pool: 'web' }] }),
    );
  const policies = fc.record({
    rebootAfterMs: fc.nat(10 * minute),
    replaceAfterMs: fc.nat(10 * minute),
    maxWorkersDown: fc.integer({ min: 1, max: 4 }),
  });
  const acted = (view: HealView, by: HealPolicy): readonly HealVerdict[] =>
    judgeHealing(view, by).verdicts.filter(isHealed);
  const find = (view: HealView, { name }: HealVerdict): HealMachine => view.machines.find((one) => one.name === name)!;
  const always = (check: (view: HealView, by: HealPolicy) => void): void =>
    fc.assert(fc.property(views, policies, check), { numRuns: 2000 });

  it('nothing is done without an answer of the provider and of the API', () =>
    always((view, by) => {
      if (!view.apiAnswers || view.providerSilent !== undefined) expect(acted(view, by)).toEqual([]);
    }));

  it('no more workers are touched than the budget allows to be down', () =>
    always((view, by) => {
      expect(acted(view, by).filter(({ role }) => role === 'worker').length).toBeLessThanOrEqual(by.maxWorkersDown);
    }));

  it('of the servers that are members at most one is touched, and the others keep the majority', () =>
    always((view, by) => {
      const touched = acted(view, by).filter(
        (one) => one.role === 'control-plane' && find(view, one).node !== 'absent',
      );
      expect(touched.length).toBeLessThanOrEqual(1);
      for (const { name } of touched) expect(quorumLoss(name, view.members!)).toBeUndefined();
    }));

  it('nobody is replaced whose machine may run and whose power cannot be cut, and nobody who is well', () =>
    always((view, by) => {
      for (const one of acted(view, by).filter(({ does }) => does === 'replace' || does === 'promote')) {
        const { machine, node: state, confirmedOff } = find(view, one);
        expect(machine === 'gone' || state !== 'ready').toBe(true);
        expect(machine === 'gone' || machine === 'off' || confirmedOff || view.canPowerOff).toBe(true);
        expect(machine === 'silent' && !confirmedOff).toBe(false);
      }
    }));
});
