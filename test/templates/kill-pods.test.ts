import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { stopK3s } from '../../src/k3s/index.js';
import { isRoot, sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

describe.skipIf(sshdMissing)(`stop-k3s with pods ${sshdMissing ?? ''}`, () => {
  const rig = useHost();

  /** A containerd shim with a container below it; resolves with the signal that ended it. */
  async function shim(): Promise<{ readonly ended: Promise<unknown>; kill(): void }> {
    const path = join(rig.host.prefix, 'var/lib/rancher/k3s/data/abc/bin/containerd-shim-runc-v2');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '#!/bin/sh\nsleep 1000 &\necho up\nwhile :; do wait; sleep 1; done\n', { mode: 0o755 });
    // A shim outlives its container: it ends only by its own kill. As its kernel sees a real one: the program's own path comes first in its arguments.
    const child = spawn('/bin/sh', [path], { argv0: path, stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    return { ended: once(child, 'exit'), kill: () => child.kill('SIGKILL') };
  }

  it('leaves pods running unless it is told to end them', async () => {
    const pod = await shim();
    await rig.run(stopK3s({ killPods: false }));
    const list = spawnSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' }).stdout;
    expect(list).toContain(join(rig.host.prefix, 'var/lib/rancher/k3s/data'));
    await rig.run(stopK3s({ killPods: true }));
    expect(await pod.ended).toEqual([null, 'SIGKILL']);
  });

  const mountable = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;
  it.skipIf(!mountable)('unmounts what pods had mounted, the deepest first, and nothing else', async () => {
    const pods = join(rig.host.prefix, 'var/lib/kubelet/pods/1');
    const own = join(rig.host.prefix, 'srv');
    for (const folder of [pods, own]) {
      await mkdir(folder, { recursive: true });
      expect(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status).toBe(0);
    }
    await mkdir(join(pods, 'inner'));
    expect(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(pods, 'inner')]).status).toBe(0);
    try {
      await rig.run(stopK3s({ killPods: true }));
      const mounts = readFileSync('/proc/self/mounts', 'utf8');
      expect(mounts).not.toContain(pods);
      expect(mounts).toContain(own);
    } finally {
      spawnSync('umount', [own]);
    }
  });
});
