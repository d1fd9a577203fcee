import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  cli,
  signal,
  fast,
  kube,
  heal,
  servers,
  nameOf,
  ids,
  act,
  deleteServer,
  node,
  isReady,
  pod,
  heardAt,
  expectWell,
} from '../support/healed-cluster.js';

describe('`cluster heal`', () => {
  it('frees the volume of a node that the cloud’s controller deleted first', async () => {
    const { node: lost = '' } = await pod();
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    await expect.poll(() => node(lost)).toBeUndefined();
    const { code, err } = await heal();
    expect(code, err).toBe(0);
    await expectWell();
  }, 240_000);

  it('replaces a fresh machine that never boots, instead of waiting for it to join for ever', async () => {
    await deleteServer('workers-3');
    await cli.order({ neverBoot: ['-workers-3-'] });
    const untilItIsWaitedFor = async (): Promise<void> => {
      const running = cli.start(['cluster', 'heal', 'demo', '--yes', '--progress', 'plain']);
      let said = '';
      running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/workers-3.*wait for the first login/);
      running.kill('SIGKILL');
      await running;
    };
    // It is made, then it is to join, twice.
    for (let turn = 0; turn < 3; turn += 1) await untilItIsWaitedFor();
    const dead = await nameOf('workers-3');
    await cli.order({ clear: true });
    const { code, err, verdicts } = await heal('--replace-after', '0s');
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([
      { name: dead, does: 'replace', because: expect.stringMatching(/to join 2 times/) as string },
    ]);
    expect((await servers()).map(({ name }) => name)).not.toContain(dead);
    await expectWell();
  }, 240_000);

  it('reboots a worker that hangs, and cuts its power and replaces it where that does not help', async () => {
    const hanging = await nameOf('workers-1');
    await act('cutOff', hanging);
    await expect.poll(() => isReady(hanging)).toBe(false);
    const waits = await heal();
    expect(waits, waits.err).toMatchObject({ code: 0, verdicts: [{ name: hanging, does: 'wait' }], steps: [] });

    const rebooted = await heal('--reboot-after', '0s', '--replace-after', '1s');
    expect(rebooted).toMatchObject({ code: 4, error: { code: 'NODE_TIMEOUT' } });
    expect((await servers()).map(({ name }) => name)).toContain(hanging);

    const replaced = await heal('--reboot-after', '0s', '--replace-after', '1s');
    expect(replaced.code, replaced.err).toBe(0);
    expect(replaced.verdicts).toMatchObject([{ name: hanging, does: 'replace' }]);
    await expectWell();
  }, 240_000);

  it('changes nothing while the provider only says that it limits requests', async () => {
    await deleteServer('workers-3');
    const before = await ids();
    const error = { status: 429, code: 'rate_limit_exceeded', message: 'limit of 3600 requests per hour reached' };
    await cli.order({ cloud: [{ match: { path: '^/servers' }, times: 1000, effect: { error } }] });
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toContain('rate_limit_exceeded');
    await cli.order({ clear: true });
    expect(await ids()).toEqual(before);
    // Called by the name it had, or, once the cloud's controller took its node out, by that of the one to come.
    const healed = await heal();
    const name = expect.stringContaining('-workers-3-') as string;
    expect(healed.verdicts).toMatchObject([{ name, does: 'replace' }]);
    await expectWell();
  }, 240_000);

  it('changes nothing where only this side is cut off, whatever is out of reach', async () => {
    const before = await ids();
    await act('cutOff', '.*');
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toContain('The line from here may be cut');
    expect(await ids()).toEqual(before);
    await act('reconnect', '.*');
    await expect.poll(async () => (await kube.nodes({ signal })).every(({ ready }) => ready)).toBe(true);
    await expectWell();
  }, 240_000);

  // The last of them: what was begun so slowly takes its time.
  it('before the cluster itself notices, marks a node whose server was deleted in time, so that its volume does not wait for six minutes', async () => {
    const { node: lost = '', uid } = await pod();
    // As slow as a real cloud: nobody notices yet that the node is silent.
    await cli.setTimeScale(1);
    const before = await heardAt(lost);
    await expect.poll(() => heardAt(lost)).not.toBe(before);
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    // Until this run has looked and is about to mark the node, however long that takes.
    const [reached, until] = ['reached', 'until'].map((name) => join(cli.home, name)) as [string, string];
    const hold = { when: 'before', kind: 'kube', what: `^PATCH nodes/${lost}`, act: { until, reached } };
    const healing = cli.run(['cluster', 'heal', 'demo', '--yes', '--json'], {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([hold]),
    });
    await expect.poll(() => existsSync(reached)).toBe(true);
    expect(await isReady(lost)).toBe(true);
    await cli.setTimeScale(fast);
    writeFileSync(until, '');
    const { code, err, out } = await healing;
    expect(code, err).toBe(0);
    const { verdicts } = JSON.parse(out) as { readonly verdicts: readonly object[] };
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace', because: 'its machine is gone' }]);
    expect((await pod()).uid).not.toBe(uid);
    await expectWell();
  }, 240_000);
});
