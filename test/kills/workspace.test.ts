import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openAdmin } from '../../src/workspace/admin/open.js';
import type { WorkspaceOptions } from '../../src/workspace/index.js';
import { stanzas } from '../../src/workspace/sealed/age.js';
import {
  backUp,
  bucket,
  classes,
  desk,
  fill,
  identityHome,
  isBackedUp,
  isWhole,
  killing,
  moved,
  otherIdentity,
  recipient,
} from '../workspace/desk.js';
import { refusal, temporaryFolder, testWorkspace } from '../workspace/support.js';

describe('a workspace on which a run was killed, wherever that was', () => {
  it('a move goes on with the same command, and loses nothing', async () => {
    const probe = await desk();
    await fill(testWorkspace(probe.home));
    await backUp(testWorkspace(probe.home, probe.options()));
    const before = temporaryFolder();
    cpSync(probe.home, before, { recursive: true });
    const points = await classes((boundary) => openAdmin(probe.options({ boundary })).move(bucket));
    expect(points.length).toBeGreaterThan(15);
    for (const point of points) {
      const { home, options } = await desk({}, before);
      const { boundary, killed } = killing(point);
      await Promise.race([killed, openAdmin(options({ boundary })).move(bucket)]);
      await openAdmin(options()).move(bucket);
      await isWhole(testWorkspace(bucket, options()));
      await isBackedUp(testWorkspace(bucket, options()));
      expect((await refusal(testWorkspace(home).clusterNames())).code, point).toBe('WORKSPACE_MOVED');
      expect(readdirSync(join(home, 'clusters')), point).toEqual([]);
    }
  });

  it('sealing it anew goes on, and it can be opened all the time', async () => {
    const { options, other, server } = await moved();
    const before = new Map(server.objects);
    const rotation = { add: [recipient], remove: [] };
    const points = await classes((boundary) => openAdmin(options({ boundary })).rotate(rotation));
    expect(points.length).toBeGreaterThan(10);
    for (const point of points) {
      server.objects.clear();
      for (const [key, object] of before) server.objects.set(key, object);
      // Another computer of the same person, which has not seen how it ended before.
      const env = {
        ...options().env,
        SLIPWAY_HOME: temporaryFolder(),
        SLIPWAY_AGE_KEY_FILE: join(identityHome(options), 'identity.txt'),
      };
      const { boundary, killed } = killing(point);
      await Promise.race([killed, openAdmin(options({ env, boundary })).rotate(rotation)]);
      await isWhole(testWorkspace(bucket, options({ env })));
      await openAdmin(options({ env })).rotate(rotation);
      await isWhole(testWorkspace(bucket, other({ env: { ...env, SLIPWAY_AGE_KEY: otherIdentity } })));
      const sealed = [...server.objects].filter(([path]) => !path.endsWith('/lock'));
      for (const [path, { text }] of sealed) expect(stanzas(text), `${point}: ${path}`).toBe(2);
    }
  });

  it('recovering it goes on with what is to be set aside, and loses nothing of it', async () => {
    const probe = await desk();
    await fill(testWorkspace(probe.home));
    await openAdmin(probe.options()).move(bucket);
    for (const key of ['record.json', 'id_ed25519']) {
      const path = `small/team/clusters/demo/${key}`;
      const there = probe.server.objects.get(path)!;
      probe.server.objects.set(path, { ...there, text: there.text.slice(0, 100), tag: `"cut-${key}"` });
    }
    const [before, objects] = [temporaryFolder(), new Map(probe.server.objects)];
    cpSync(probe.home, before, { recursive: true });
    const recover = async (options: WorkspaceOptions): Promise<unknown> => {
      const admin = openAdmin(options);
      return admin.setAside((await admin.inspect()).findings);
    };
    const points = await classes((boundary) => recover(probe.options({ path: bucket, boundary })));
    expect(points.length).toBeGreaterThan(3);
    for (const point of points) {
      const { server, options } = await desk({}, before);
      for (const [key, object] of objects) server.objects.set(key, object);
      const { boundary, killed } = killing(point);
      await Promise.race([killed, recover(options({ path: bucket, boundary }))]);
      await recover(options({ path: bucket }));
      expect((await openAdmin(options({ path: bucket })).inspect()).findings, point).toEqual([]);
      const aside = [...server.objects.keys()].filter((key) => key.startsWith('small/team/aside/'));
      expect(new Set(aside.map((key) => key.split('/').at(-1))), point).toEqual(new Set(['record.json', 'id_ed25519']));
      const left = testWorkspace(bucket, options()).cluster('demo');
      expect((await left.secret('server-token', () => 'lost')).reveal(), point).toBe('planted-server-token');
    }
  });
});
