import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  apply,
  cli,
  create,
  file,
  isDeployed,
  open,
  plan,
  path,
  slipway,
  withKube,
  without,
  signal,
} from '../support/changed-settings.js';

describe('a server that does not come up with other settings', () => {
  beforeAll(async () => {
    open();
    await create({ workers: 3 });
  });
  afterAll(() => cli.close());

  it('gives a server that does not come up its former settings back, begins nothing after it, and goes on once that is mended', async () => {
    file({ disable: ['metrics-server'], workers: 3 });
    const trait = async (crashesWithout: string | null): Promise<void> =>
      void (await (
        await cli.sandbox()
      ).call('POST', 'machines', { act: 'change', name: 'demo-cp-1.*', facts: { crashesWithout } }));
    await trait('metrics-server');
    const failed = await apply();
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toMatch(
      /demo-cp-1-\w+ does not come up with its new settings, and has its former ones again: .*panic/,
    );
    expect(failed.err).toContain('SETTINGS_PUT_BACK');
    expect(failed.err).toMatch(/run it again to finish: \S.*cluster apply/);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    const ready = await withKube(async (kube) => (await kube.nodes({ signal })).map((node) => node.ready));
    expect(ready).toEqual([true, true, true, true, true, true]);
    // Taken back in the file, nothing is left to do.
    file({ workers: 3 });
    expect(await plan()).toMatchObject({ code: 0 });
    file({ disable: ['metrics-server'], workers: 3 });
    await trait(null);
    expect((await plan()).code).toBe(5);
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    file({ workers: 3 });
    expect(await apply()).toMatchObject({ code: 0 });
  }, 180_000);

  it('says of a server that does not come up with its former settings either what it is like, and goes on with it', async () => {
    file({ disable: ['metrics-server'], workers: 3 });
    const machines = (facts: object) => async (): Promise<void> => {
      await (await cli.sandbox()).call('POST', 'machines', { act: 'change', name: 'demo-cp-1.*', facts });
    };
    await machines({ crashesWith: 'v1.36.5+k3s1' })();
    const failed = await apply();
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toContain('SETTINGS_FAILED');
    expect(failed.err).toMatch(/k3s\.service does not start: it ends each time with a panic/);
    expect(failed.err).toContain('Its former ones were not put back: ');
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    await machines({ crashesWith: '' })();
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await plan()).toMatchObject({ code: 0 });
  }, 180_000);
});

/** Each kind of boundary, in the order in which the change comes by. */
const points = [
  { when: 'before', kind: 'ssh', what: 'demo-cp-1\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-1\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-cp-1' },
  { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-2' },
  { when: 'before', kind: 'ssh', what: 'demo-cp-3\\S* check-server' },
] as const;

describe('`cluster apply` of other settings', () => {
  beforeEach(open);
  afterEach(() => cli.close());

  it('goes on where it was killed, whichever kind of boundary that was at', async () => {
    await create({ workers: 0 });
    file({ disable: ['metrics-server'], workers: 0 });
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await apply(order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await isDeployed()).toBe(false);
    expect(await plan()).toMatchObject({ code: 0 });
  }, 240_000);

  it('is refused for what cannot change in a cluster’s life, where a workspace was adopted with a file that differs', async () => {
    await create({ servers: 1, workers: 1 });
    expect(await slipway('cluster', 'kubeconfig', 'demo', '--merge')).toMatchObject({ code: 0 });
    rmSync(join(cli.home, 'ws/clusters/demo'), { recursive: true });
    file({ servers: 1, workers: 1, network: { encryption: 'none' } });
    const adopted = await slipway('cluster', 'adopt', 'demo', '-f', path, '--yes');
    expect(adopted, adopted.err).toMatchObject({ code: 0 });
    for (const refused of [await plan(), await apply()]) {
      expect(refused.code, refused.err).toBe(3);
      expect(refused.err).toContain('SETTINGS_FIXED');
      expect(refused.err).toContain(
        'asks for flannel-backend vxlan (network.encryption), and demo was made with flannel-backend wireguard-native',
      );
    }
    expect((await slipway('cluster', 'status', 'demo')).out).toContain('That cannot change in a cluster’s life.');
  }, 120_000);
});
