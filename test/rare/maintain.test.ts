import { existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import {
  beginAt,
  change,
  cli,
  file,
  maintain,
  news,
  outcomes,
  policy,
  run,
  source,
  version,
} from '../support/maintained-cluster.js';

beforeAll(async () => {
  component('1');
  await beginAt('v1.34.5+k3s1', 'v1.34.5+k3s1', '{drill: never}', '{preset: none, folders: [./own], note: true}');
});

/** A component of one's own, whose folder somebody updates. */
function component(key: string): void {
  const folder = join(cli.home, 'own/note');
  mkdirSync(join(folder, 'manifests'), { recursive: true });
  writeFileSync(
    join(folder, 'component.yaml'),
    `title: Note
description: Something of our own.
namespace: note
needs: []
presets: []
secrets: []
options: {type: object, additionalProperties: false, properties: {}}
health: []
`,
  );
  writeFileSync(
    join(folder, 'manifests/note.yaml.hbs'),
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {key: "${key}"}\n`,
  );
}

it('a release that is maintained no more is told of once, and by `cluster status`', async () => {
  expect(await maintain('--yes')).toMatchObject({ code: 0 });
  const text = 'v1.34.5+k3s1 is not maintained any more, since 2026-10-27.';
  expect(news()).toEqual([`demo: ${text}`]);
  await maintain('--yes');
  expect(news()).toEqual([]);
  expect((await run(['cluster', 'status', 'demo'])).out).toContain(
    `${text} See every step to the next minor: slipway cluster upgrade demo --to stable --dry-run`,
  );
});

it('a component whose folder was updated is upgraded, and a backup is restored on a machine of its own once a week', async () => {
  component('2');
  policy('{drill: auto}');
  const shown = await maintain('--dry-run');
  expect(shown.jobs.find(({ job }) => job === 'components')!.steps.map(({ target }) => target)).toEqual(['note']);
  const round = await maintain('--yes');
  expect(round, round.err + JSON.stringify(round.jobs)).toMatchObject({ code: 0 });
  expect(outcomes(round)).toMatchObject({ drill: 'done', components: 'done' });
  const again = outcomes(await maintain('--yes'));
  expect(again).not.toHaveProperty('components');
  expect(again).not.toHaveProperty('drill');
  expect((await run(['cluster', 'status', 'demo'])).out).toMatch(/last proven restore: \d+ \w+ ago, data \d+/);
  policy('{drill: never}');
});

it('a patch with which a node does not come up ends the round, is told of, and is not tried again by itself', async () => {
  source.known['v1.34'] = 'v1.34.6+k3s1';
  await change('demo-workers-1', { crashesWith: 'v1.34.6+k3s1' });
  const failed = await maintain('--yes');
  expect(failed, failed.err).toMatchObject({ code: 4 });
  expect(outcomes(failed)).toMatchObject({ patch: 'failed' });
  expect(news()).toEqual([expect.stringMatching(/^demo: The upgrade to v1\.34\.6\+k3s1 stopped: /)]);
  const again = 'Have it tried again: slipway maintain demo --yes --approve patch';
  expect((await run(['cluster', 'status', 'demo'])).out).toContain(again);
  const left = await maintain('--yes');
  expect(left, left.err).toMatchObject({ code: 5 });
  expect(left.jobs.find(({ job }) => job === 'patch')).toMatchObject({
    outcome: 'ask',
    hindered: expect.stringContaining('it failed before') as string,
  });
  await change('demo-workers-1', { crashesWith: null });
  const agreed = await maintain('--yes', '--approve', 'patch');
  expect(agreed, agreed.err + JSON.stringify(agreed.jobs)).toMatchObject({ code: 0 });
  expect((await run(['cluster', 'status', 'demo'])).out).not.toContain(again);
  expect(await version()).toBe('v1.34.6+k3s1');
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

/** Every lock that the cluster has meanwhile, each of which has a nonce of its own. */
async function locksDuring<T>(
  work: () => Promise<T>,
): Promise<{ readonly locks: ReadonlySet<string>; readonly done: T }> {
  const folder = join(cli.home, 'ws/clusters/demo');
  const locks = new Set<string>();
  const watcher = watch(folder, (_, name) => {
    if (name !== 'lock' || !existsSync(join(folder, name))) return;
    const text = readFileSync(join(folder, name), 'utf8');
    if (text !== '') locks.add(text);
  });
  try {
    return { done: await work(), locks };
  } finally {
    watcher.close();
  }
}

it('tokens and the SSH key are rotated once they are older than the file allows, and not again after that', async () => {
  const path = join(cli.home, 'ws/clusters/demo/record.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...record, createdAt: new Date(Date.now() - 40 * 86_400_000).toISOString() }));
  policy('{drill: never, tokens: auto, sshKey: auto, rotateAfter: 30d}');
  const { done: round, locks } = await locksDuring(() => maintain('--yes'));
  expect(round, round.err).toMatchObject({ code: 0, problems: [] });
  expect(outcomes(round)).toMatchObject({ tokens: 'done', 'ssh-key': 'done' });
  expect([...locks], 'one lock for both').toEqual([expect.stringContaining('"operation":"maintain"')]);
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
  const last = JSON.parse(readFileSync(notes, 'utf8')) as { backup: object; restore: object };
  const restore = { id: '2026-01-01t00-00-00z-0000', at: '2026-01-01T00:00:00Z', dataAgeMs: 1, tookMs: 1 };
  writeFileSync(notes, JSON.stringify({ backup: { ...last.backup, id: restore.id }, restore }));
  source.known['v1.34'] = 'v1.34.7+k3s1';
  const round = await maintain('--yes');
  expect(round, round.err).toMatchObject({ code: 4 });
  expect(outcomes(round)).toMatchObject({ backup: 'failed', drill: 'leave', patch: 'done' });
  expect(news()).toEqual([
    expect.stringMatching(/^demo: The last backup of demo is \d+ d old, which is more than it may be\.$/),
    expect.stringMatching(/^demo: No backup of demo was restored for \d+ d, so that nothing proves that one can be\.$/),
    expect.stringMatching(/^demo: The maintenance of demo failed at backup: /),
  ]);
  await maintain('--yes');
  expect(news()).toEqual([]);
  const { out } = await run(['cluster', 'status', 'demo']);
  expect(out).toMatch(/The last backup is \d+ d old: slipway backup create demo --due/);
  expect(out).toMatch(/No backup of demo was restored for \d+ d, .*: slipway backup drill demo/);
  rmSync(folder);
  expect(outcomes(await maintain('--yes'))).toMatchObject({ backup: 'done' });
  const { backup } = JSON.parse(readFileSync(notes, 'utf8')) as { backup: object };
  writeFileSync(notes, JSON.stringify({ backup, restore: last.restore }));
});

it('a cluster that gets its releases from a bundle is offered none, and is told so', async () => {
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, before.replace(/kubernetes: \{/, '$&bundle: ./k3s, '));
  const shown = await run(['maintain', 'demo', '--dry-run']);
  writeFileSync(file, before);
  expect(shown.out, shown.err).toContain('so newer ones are not looked for and no patch is brought by itself.');
});

it('the nodes of a cluster that is not well are left, with a word to those who want to know', async () => {
  source.known['v1.34'] = 'v1.34.8+k3s1';
  await (await cli.sandbox()).call('POST', 'machines', { act: 'cutOff', name: 'demo-workers-1' });
  await expect.poll(async () => (await maintain('--dry-run')).problems.length, { timeout: 60_000 }).toBeGreaterThan(0);
  const refused = await maintain('--yes');
  expect(refused, refused.err).toMatchObject({ code: 3 });
  expect(refused.jobs.find(({ job }) => job === 'patch')).toMatchObject({
    outcome: 'refuse',
    hindered: expect.stringMatching(/the cluster is not well: demo-workers-1-\w+ is not Ready/) as string,
  });
  expect(news()).toEqual(['demo: demo is not well, so its maintenance is left.']);
  expect(await version()).toBe('v1.34.7+k3s1');
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
