import { describe, expect, it } from 'vitest';

import {
  cli,
  signal,
  fast,
  kube,
  isNowLost,
  heal,
  servers,
  nameOf,
  ids,
  act,
  powerOff,
  deleteServer,
  node,
  isReady,
  pod,
  heardAt,
  expectWell,
} from '../support/healed-cluster.js';

describe('`cluster heal`', () => {
  it('does nothing, and says so, where all machines are well', async () => {
    await expect.poll(async () => (await pod()).phase, { timeout: 30_000 }).toBe('Running');
    const before = await ids();
    const { code, out } = await cli.run(['cluster', 'heal', 'demo']);
    expect([code, out.trim()]).toEqual([0, 'All machines of demo are well.']);
    expect(await ids()).toEqual(before);
  });

  it('replaces a worker that lost its power, and its pod has its volume again elsewhere', async () => {
    const place = (await pod()).node!.split('-').slice(1, 3).join('-');
    const lost = await powerOff(place);
    const shown = await cli.run(['cluster', 'heal', 'demo', '--dry-run']);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(`${lost}  replace: its machine is off`);
    expect(shown.out).toMatch(/it is dead: remove it from Kubernetes and from the provider/);
    const asked = await cli.run(['cluster', 'heal', 'demo', '--json']);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.out).toContain('CONFIRMATION_NEEDED');
    expect((await pod()).node).toBe(lost);

    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace', because: 'its machine is off' }]);
    expect((await servers()).some(({ name }) => name === lost)).toBe(false);
    await expectWell();
  }, 240_000);

  it('frees the volume of a node that the cloud’s controller deleted first', async () => {
    const { node: lost = '' } = await pod();
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    await expect.poll(() => node(lost)).toBeUndefined();
    const { code, err } = await heal();
    expect(code, err).toBe(0);
    await expectWell();
  }, 240_000);

  it('replaces a server that was deleted, and its member of etcd', async () => {
    await deleteServer('cp-2');
    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: expect.stringContaining('-cp-2-') as string, does: 'replace' }]);
    await expectWell();
  }, 240_000);

  it('reboots a worker that hangs, and leaves it as it is where that helps', async () => {
    const hanging = await nameOf('workers-2');
    const before = await ids();
    await act('hang', hanging);
    await expect.poll(() => isReady(hanging)).toBe(false);
    const { code, err, verdicts, steps } = await heal('--reboot-after', '0s');
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: hanging, does: 'reboot' }]);
    expect(steps).toMatchObject([{ id: `reboot:${hanging}` }]);
    expect(await ids()).toEqual(before);
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
});

describe('`cluster heal` changes nothing', () => {
  it('where more workers are down than may be, until it is told that they may', async () => {
    await deleteServer('workers-1');
    await deleteServer('workers-2');
    const before = await ids();
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.details.join(' ')).toMatch(/2 of 3 workers are down, and no more than 1 may be/);
    expect(await ids()).toEqual(before);
    const healed = await heal('--max-workers-down', '2');
    expect(healed.code, healed.err).toBe(0);
    await expectWell();
  }, 240_000);

  it('while the provider only says that it limits requests', async () => {
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

  it('where only this side is cut off, whatever is out of reach', async () => {
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
});

// Last of those that end well: what was begun so slowly takes its time.
describe('`cluster heal` that is quicker than the cluster itself', () => {
  it('marks a node whose server was deleted in time, so that its volume does not wait for six minutes', async () => {
    const { node: lost = '', uid } = await pod();
    // As slow as a real cloud: nobody notices yet that the node is silent.
    await cli.setTimeScale(1);
    const before = await heardAt(lost);
    await expect.poll(() => heardAt(lost)).not.toBe(before);
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    await cli.setTimeScale(fast);
    expect(await isReady(lost)).toBe(true);
    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace', because: 'its machine is gone' }]);
    expect((await pod()).uid).not.toBe(uid);
    await expectWell();
  }, 240_000);
});

describe('`cluster heal` of a cluster without its majority', () => {
  it('makes and deletes nothing, and leads to a restore', async () => {
    isNowLost();
    await deleteServer('cp-1');
    await deleteServer('cp-2');
    const before = await ids();
    const refused = await heal();
    expect(refused, refused.err).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toMatch(/1 of 3 servers is left, fewer than the 2 that etcd needs/);
    expect(refused.error!.hint).toContain('slipway cluster restore demo');
    expect(await ids()).toEqual(before);
  }, 240_000);
});
