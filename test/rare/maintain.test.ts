import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import {
  beginAt,
  change,
  cli,
  maintain,
  news,
  outcomes,
  policy,
  run,
  source,
  version,
} from '../support/maintained-cluster.js';

beforeAll(() => beginAt('v1.36.5+k3s1', 'v1.36.5+k3s1', '{drill: never}'));

it('a patch with which a node does not come up ends the round, is told of, and is not tried again by itself', async () => {
  source.known['v1.36'] = 'v1.36.6+k3s1';
  await change('demo-workers-1', { crashesWith: 'v1.36.6+k3s1' });
  const failed = await maintain('--yes');
  expect(failed, failed.err).toMatchObject({ code: 4 });
  expect(outcomes(failed)).toMatchObject({ patch: 'failed' });
  expect(news()).toEqual([expect.stringMatching(/^demo: The upgrade to v1\.36\.6\+k3s1 stopped: /)]);
  const left = await maintain('--yes');
  expect(left, left.err).toMatchObject({ code: 5 });
  expect(left.jobs.find(({ job }) => job === 'patch')).toMatchObject({
    outcome: 'ask',
    hindered: expect.stringContaining('it failed before') as string,
  });
  await change('demo-workers-1', { crashesWith: null });
  const agreed = await maintain('--yes', '--approve', 'patch');
  expect(agreed, agreed.err + JSON.stringify(agreed.jobs)).toMatchObject({ code: 0 });
  expect(await version()).toBe('v1.36.6+k3s1');
  news();
});

it('certificates near their end are told of where they wait for a person, and are renewed where the file allows it', async () => {
  await change('.*', { certificateDays: 20 });
  expect(await run(['cluster', 'rotate-certs', 'demo', '--yes'])).toMatchObject({ code: 0 });
  await change('.*', { certificateDays: 365 });
  policy('{drill: never, certificates: never}');
  const left = await maintain('--yes');
  expect(left, left.err).toMatchObject({ code: 0 });
  expect(outcomes(left)).toMatchObject({ certificates: 'leave' });
  expect(news()).toEqual([expect.stringMatching(/^demo: A certificate of .* ends in (19|20) days/)]);
  await maintain('--yes');
  expect(news()).toEqual([]);
  policy('{drill: never}');
  expect(outcomes(await maintain('--yes'))).toMatchObject({ certificates: 'done' });
  expect(outcomes(await maintain('--yes'))).not.toHaveProperty('certificates');
});

it('tokens and the SSH key are rotated once they are older than the file allows, and not again after that', async () => {
  const path = join(cli.home, 'ws/clusters/demo/record.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...record, createdAt: new Date(Date.now() - 40 * 86_400_000).toISOString() }));
  policy('{drill: never, tokens: auto, sshKey: auto, rotateAfter: 30d}');
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 0, problems: [] });
  expect(outcomes(round)).toMatchObject({ tokens: 'done', 'ssh-key': 'done' });
  const again = outcomes(await maintain('--yes'));
  expect(again).not.toHaveProperty('tokens');
  expect(again).not.toHaveProperty('ssh-key');
});

it('machines whose updates wait for a reboot are rebooted one after another, wherever the rounds before were killed', async () => {
  policy('{drill: never}');
  await change('.*', { waitsForReboot: 'linux-image-6.8.0-90-generic' });
  const shown = await maintain('--dry-run');
  expect(shown.jobs.find(({ job }) => job === 'system')!.steps.map(({ text }) => text)).toEqual([
    'drain it, and reboot it',
    'have evicted pods avoid it until it is its turn',
    'drain it, and reboot it',
    expect.stringContaining('see that the others are up') as string,
    'drain it, and reboot it',
  ]);
  for (const when of ['before', 'after']) {
    const kill = { when, kind: 'ssh', what: 'reboot-host', act: 'kill' };
    const killed = await run(['maintain', 'demo', '--yes'], { SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]) });
    expect(killed, killed.err).toMatchObject({ code: 137 });
    await expect.poll(async () => (await maintain('--dry-run')).problems, { timeout: 60_000 }).toEqual([]);
  }
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 0, problems: [] });
  expect(outcomes(round)).toMatchObject({ system: 'done' });
  expect(outcomes(await maintain('--yes'))).not.toHaveProperty('system');
  const { machines } = JSON.parse((await run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: readonly { readonly node: { readonly schedulable: boolean } }[];
  };
  expect(machines.map(({ node }) => node.schedulable)).toEqual([true, true, true]);
});

it('a backup that cannot be taken fails alone, and is told of with the one that is late', async () => {
  const folder = join(cli.home, 'ws', 'backups');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  const notes = join(cli.home, 'ws/clusters/demo/last-backup.json');
  const last = JSON.parse(readFileSync(notes, 'utf8')) as { backup: object };
  const restore = { id: '2026-01-01t00-00-00z-0000', at: '2026-01-01T00:00:00Z', dataAgeMs: 1, tookMs: 1 };
  writeFileSync(notes, JSON.stringify({ backup: { ...last.backup, id: restore.id }, restore }));
  source.known['v1.36'] = 'v1.36.7+k3s1';
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 4 });
  expect(outcomes(round)).toMatchObject({ backup: 'failed', drill: 'leave', patch: 'done' });
  expect(news()).toEqual([
    'demo: The last backup of demo is older than it may be.',
    'demo: No backup of demo was restored for two weeks, so that nothing proves that one can be.',
    expect.stringMatching(/^demo: The maintenance of demo failed at backup: /),
  ]);
  await maintain('--yes');
  expect(news()).toEqual([]);
  rmSync(folder);
  expect(outcomes(await maintain('--yes'))).toMatchObject({ backup: 'done' });
});

it('a release whose minor is maintained no more is told of once', async () => {
  source.known['v1.39'] = 'v1.39.0+k3s1';
  await maintain('--yes');
  expect(news()).toEqual(['demo: v1.36.7+k3s1 is not maintained any more, as v1.39 is out.']);
  await maintain('--yes');
  expect(news()).toEqual([]);
});

it('the nodes of a cluster that is not well are left, with a word to those who want to know', async () => {
  source.known['v1.36'] = 'v1.36.8+k3s1';
  await (await cli.sandbox()).call('POST', 'machines', { act: 'cutOff', name: 'demo-workers-1' });
  await expect.poll(async () => (await maintain('--dry-run')).problems.length, { timeout: 60_000 }).toBeGreaterThan(0);
  const refused = await maintain('--yes');
  expect(refused, refused.err).toMatchObject({ code: 3 });
  expect(refused.jobs.find(({ job }) => job === 'patch')).toMatchObject({
    outcome: 'refuse',
    hindered: expect.stringMatching(/the cluster is not well: demo-workers-1-\w+ is not Ready/) as string,
  });
  expect(news()).toEqual(['demo: demo is not well, so its maintenance is left.']);
  expect(await version()).toBe('v1.36.7+k3s1');
  await (await cli.sandbox()).call('POST', 'machines', { act: 'reconnect', name: 'demo-workers-1' });
});

it('the commands of the guide on upkeep do what it says, one after the other', async () => {
  await expect.poll(async () => (await maintain('--dry-run')).problems, { timeout: 60_000 }).toEqual([]);
  const guide = readFileSync(new URL('../../docs/guides/upkeep.md', import.meta.url), 'utf8');
  const commands = [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => block!.trim().split('\n'));
  expect(commands).toHaveLength(5);
  const [, section] = /```yaml\nmaintain:\n([^`]+)```/.exec(guide) ?? [];
  // Its windows may be closed now, which does not matter to who approves nothing.
  policy(`\n${section!.trimEnd()}`);
  for (const command of commands) {
    const [, ...args] = command.replace(/ >.*/, '').split(' ');
    const done = await run(args);
    expect(done, `${command}\n${done.err}`).toMatchObject({ code: 0 });
    if (args.includes('--systemd'))
      expect(done.out).toContain(args.includes('timer') ? '[Timer]' : 'maintain demo --yes');
  }
});
