import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { claimHost, releaseHost } from '../../providers/ssh/claim.js';
import { machineLabels } from '../../src/domain/labels.js';
import { holdVip, stopK3s } from '../../src/distributions/k3s/host/index.js';
import { ipStandIn } from '../support/host-stand-ins.js';
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

  describe('on a server that has the address of the API by kube-vip', () => {
    const address = '10.0.0.5';
    const others = 'lo 127.0.0.1/8\neth1 10.0.0.11/24\neth1 10.0.0.50/32\neth2 10.0.0.5/32\n';
    const addresses = () => rig.host.read('var/stand-in/addresses');

    beforeEach(async () => {
      const turn = { address, ownAddress: '10.0.0.11', peers: [], slot: 1, clusterId: 'c0ffee', waitSeconds: 5 };
      const { MANIFEST } = holdVip({ ...turn, vipProvider: 'kube-vip' }).params;
      const pod = String(MANIFEST).replaceAll('@INTERFACE@', 'eth1');
      await rig.host.write('var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml', pod);
      await rig.host.write('../bin/ip', ipStandIn, 0o755);
      await rig.host.write('var/stand-in/addresses', `${others}eth1 ${address}/32\n`);
    });
    afterEach(() => rm(join(rig.host.bin, 'ip')));

    it('leaves it the address as long as its pods run on', async () => {
      await rig.run(stopK3s({ killPods: false }));
      expect(await addresses()).toBe(`${others}eth1 ${address}/32\n`);
    });

    it('takes the address off its interface when the pods end, and no other one; a second time changes nothing', async () => {
      await rig.run(stopK3s({ killPods: true }));
      expect(await addresses()).toBe(others);
      await rig.run(stopK3s({ killPods: true }));
      expect(await addresses()).toBe(others);
    });

    it('takes it off when the host is released', async () => {
      const cluster = { name: 'demo', id: 'k3f9x2' };
      const place = { pool: 'cp', role: 'control-plane', slot: 1, generation: 1 } as const;
      const held = { machine: 'demo-cp-1', cluster, ...place, claimedAt: '2026-11-21T08:00:00.000Z' };
      const labels = machineLabels(cluster, place, 'k3s');
      const request = { ...place, name: held.machine, types: ['any'], location: 'any', image: 'any', labels };
      await rig.run(claimHost(cluster, request, held.claimedAt));
      await rig.run(releaseHost(held));
      expect(await addresses()).toBe(others);
    });
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
