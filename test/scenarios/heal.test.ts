import { describe, expect, it } from 'vitest';

import {
  cli,
  isNowLost,
  heal,
  servers,
  nameOf,
  ids,
  act,
  powerOff,
  deleteServer,
  isReady,
  pod,
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
