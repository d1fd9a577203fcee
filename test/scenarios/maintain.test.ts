import { readFileSync } from 'node:fs';

import { beforeAll, expect, it } from 'vitest';

import {
  beginAt,
  closed,
  file,
  maintain,
  news,
  outcomes,
  policy,
  run,
  source,
  version,
} from '../support/maintained-cluster.js';

beforeAll(() => beginAt('v1.35.8+k3s1', 'v1.35.9+k3s1', `{drill: never, ${closed}}`));

it('`maintain --dry-run` shows what is due with its steps, and changes nothing', async () => {
  const shown = await maintain('--dry-run');
  expect(shown, shown.err).toMatchObject({ code: 0, problems: [] });
  expect(outcomes(shown)).toEqual({ backup: 'due', drill: 'leave', patch: 'wait' });
  const steps = shown.jobs.find(({ job }) => job === 'patch')!.steps.map(({ text }) => text);
  expect(steps).toContain('bring it from v1.35.8+k3s1 to v1.35.9+k3s1; its pods run on');
  expect(await version()).toBe('v1.35.8+k3s1');
  expect(news()).toEqual([]);
});

it('`maintain` takes backups at any time, and waits for a window with what disturbs nodes', async () => {
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 0 });
  expect(outcomes(round)).toEqual({ backup: 'done', drill: 'leave', patch: 'wait' });
  expect(await version()).toBe('v1.35.8+k3s1');
});

it('a round that was killed in the midst of a patch is gone on with by the next one, which nobody has to agree to', async () => {
  policy('{drill: never}');
  const kill = { when: 'before', kind: 'ssh', what: 'start-k3s', act: 'kill' };
  expect(await run(['maintain', 'demo', '--yes'], { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) })).toMatchObject({
    code: 137,
  });
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 0, problems: [] });
  expect(outcomes(round)).toMatchObject({ patch: 'done' });
  expect(await version()).toBe('v1.35.9+k3s1');
  expect(readFileSync(file, 'utf8')).toContain('kubernetes: {version: v1.35.9+k3s1}');
  const again = await run(['maintain', 'demo', '--yes']);
  expect(again, again.err).toMatchObject({ code: 0 });
});

it('a minor waits for a person, who is told of it once, and comes with the next window once agreed to', async () => {
  source.known['stable'] = 'v1.36.5+k3s1';
  const waiting = await maintain('--yes');
  expect(waiting, waiting.err).toMatchObject({ code: 5 });
  expect(outcomes(waiting)).toMatchObject({ minor: 'ask' });
  expect(news()).toEqual(['demo: demo waits for you to agree to minor: v1.36.5+k3s1 is stable, v1.35.9+k3s1 runs.']);
  expect(await maintain('--yes')).toMatchObject({ code: 5 });
  expect(news()).toEqual([]);
  policy(`{drill: never, ${closed}}`);
  const agreed = await maintain('--yes', '--approve', 'minor');
  expect(agreed, agreed.err).toMatchObject({ code: 0 });
  expect(agreed.jobs.find(({ job }) => job === 'minor')).toMatchObject({
    outcome: 'wait',
    hindered: expect.stringMatching(/^you agreed to it, and its window opens at /) as string,
  });
  expect(await version()).toBe('v1.35.9+k3s1');
  const { out: status } = await run(['cluster', 'status', 'demo']);
  expect(status).toContain('Somebody agreed to minor (v1.36.5+k3s1), which a round of maintenance does once it may.');
  policy('{drill: never}');
  const open = await maintain('--yes');
  expect(open, open.err).toMatchObject({ code: 0 });
  expect(await version()).toBe('v1.36.5+k3s1');
});

it('without a terminal and without --yes nothing is begun', async () => {
  source.known['v1.36'] = 'v1.36.6+k3s1';
  const { code, out } = await run(['maintain', 'demo', '--json']);
  expect(code).toBe(2);
  expect(out).toContain('CONFIRMATION_NEEDED');
  expect(await version()).toBe('v1.36.5+k3s1');
});
