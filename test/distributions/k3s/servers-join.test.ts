import { describe, expect, it } from 'vitest';

import type { Secret } from '../../../src/domain/index.js';
import { runSteps } from '../../../src/engine/index.js';
import { IncompleteError } from '../../../src/errors/index.js';
import { TaskFailedError } from '../../../src/remote/index.js';
import { answers, before, type Found, plan, engine, idOf, server, specOf, step, three } from './planned.js';

describe('a server that does not vote', () => {
  it('is not done, however Ready its node looks: running again joins it', () => {
    const { steps } = plan({ spec: specOf(3), machines: three, learners: [three[2]] });
    expect(steps.map(({ id }) => id)).toEqual(
      expect.arrayContaining([idOf('install', 3), idOf('join', 3), idOf('address', 3)]),
    );
    expect(steps.some(({ id }) => id.endsWith(three[0].name) || id.endsWith(three[1].name))).toBe(false);
  });

  it('is named with what to look at, and the next one is not started behind it in a run that takes another one away', async () => {
    const leaving = server(2, { markedForRemoval: true });
    const fresh = server(2, { generation: 2 });
    const { steps, ran } = plan({
      spec: specOf(3),
      machines: [three[0], leaving, fresh, three[2]],
      ready: [three[0], leaving],
      run: ({ name }) => answers[name] ?? {},
      never: (name) =>
        name === fresh.name
          ? new IncompleteError(`${name} did not come to vote`, { code: 'NODE_TIMEOUT', hint: 'journalctl -u k3s' })
          : undefined,
    });
    expect(step(steps, idOf('join', 3)).limits).toEqual(['join']);
    const result = await runSteps(steps, engine());
    expect(result.failures.map(({ step: { id }, error }) => [id, error.code])).toEqual([
      [`join:${fresh.name}`, 'NODE_TIMEOUT'],
      [idOf('join', 3), 'LEARNER_PENDING'],
    ]);
    expect(result.failures[1]!.error.hint).toContain(fresh.name);
    expect(ran.filter(({ name }) => name === 'start-k3s')).toHaveLength(1);
    expect(result.done.map(({ id }) => id)).toContain(idOf('install', 3));
  });

  it.each([
    ['after', 2, 3],
    ['before', 3, 2],
  ])('is named by a server that waited for its place in vain and ended %s it', async (_when, stuck, waiting) => {
    const { steps } = plan({
      spec: specOf(3),
      machines: three,
      ready: [three[0]],
      newcomers: [three[1], three[2]],
      run: ({ name, params }) => {
        if (name !== 'start-k3s') return answers[name] ?? {};
        const isStuck = (params['CONFIG'] as Secret).reveal().includes(three[stuck - 1]!.name);
        const machine = three[(isStuck ? stuck : waiting) - 1]!;
        const code = isStuck ? 'SERVER_UNREACHABLE' : 'LEARNER_PENDING';
        throw new TaskFailedError(machine.name, name, code, `${machine.name}: ${code}`, { code: 'TASK_FAILED' });
      },
    });
    const result = await runSteps(steps, engine());
    const failed = new Map(result.failures.map(({ step: { id }, error }) => [id, error]));
    expect(failed.get(idOf('join', stuck))).toMatchObject({ code: 'TASK_FAILED' });
    expect(failed.get(idOf('join', waiting))).toMatchObject({
      code: 'LEARNER_PENDING',
      hint: expect.stringContaining(three[stuck - 1]!.name) as string,
      cause: expect.objectContaining({ taskCode: 'LEARNER_PENDING' }) as unknown,
    });
  });
});

describe('servers that join', () => {
  it('are all started once the first one’s API answers: etcd takes one at a time, and k3s waits for its place', () => {
    const { steps } = plan({ spec: specOf(3, {}), machines: [] });
    for (const [id, other] of [
      [idOf('join', 2), idOf('join', 3)],
      [idOf('join', 3), idOf('join', 2)],
    ] as const) {
      expect(step(steps, id).limits).toEqual([]);
      expect(before(steps, id)).toContain(idOf('init', 1));
      for (const later of [other, idOf('ready', 1)]) expect(before(steps, id)).not.toContain(later);
    }
  });

  const growing = { machines: three, ready: [three[0]], newcomers: [three[1], three[2]] };
  const limitsOf = (found: Omit<Found, 'spec'>) => {
    const { steps } = plan({ spec: specOf(3), ...found });
    return [idOf('join', 2), idOf('join', 3)].map((id) => step(steps, id).limits);
  };

  it('are started at once where they join a server that runs, too', () => {
    expect(limitsOf(growing)).toEqual([[], []]);
  });

  it.each([
    ['starts one again that has etcd’s data', { ...growing, newcomers: [three[2]] }],
    ['takes a server away', { ...growing, machines: [...three, server(4)] }],
    ['starts one anew that votes', { ...growing, holds: new Map(three.map(({ name }) => [name, undefined])) }],
  ])('join one after another in a run that %s', (_what, found) => {
    expect(limitsOf(found)).toEqual([['join'], ['join']]);
  });
});
