import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createLibvirtProvider } from '../../providers/libvirt/index.js';
import { localVirsh } from '../../providers/libvirt/virsh.js';
import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../src/domain/clock.js';
import { machineLabels } from '../../src/domain/labels.js';
import { libvirtSchema } from '../../src/domain/spec/libvirt.js';
import { reaches } from '../../src/provider/kit/reaches.js';
import type { ClusterRequest, CreatedResource, MachineRequest } from '../../src/provider/port.js';
import { cloudInit, createRemote, generateKeyPair } from '../../src/remote/index.js';
import { virsh } from './real-libvirt.js';

const image = execFileSync(new URL('image.sh', import.meta.url).pathname, { encoding: 'utf8' }).trim();
const signal = new AbortController().signal;
const options = { signal, progress: () => {} };
const cluster = { name: 'demo', id: 'k3f9x2' };

let folder: string;
let disks: string;
let pool: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-kvm-'));
  disks = mkdtempSync(join(tmpdir(), 'slipway-kvm-pool-'));
  // QEMU runs as a user of its own.
  chmodSync(disks, 0o711);
  pool = folder.split('/').at(-1)!;
  virsh('pool-define-as', pool, 'dir', '--target', disks);
  virsh('pool-start', pool);
});
afterEach(() => {
  virsh('pool-destroy', pool);
  virsh('pool-undefine', pool);
  for (const path of [folder, disks]) rmSync(path, { recursive: true, force: true });
});

it('a virtual machine boots with the host key that its seed gave it, is entered by SSH, found by label, and leaves nothing', async () => {
  const spec = libvirtSchema.parse({
    hosts: [{ name: 'here', pool }],
    network: { mode: 'nat' },
    accel: 'tcg',
    types: [{ name: 'small', cpu: 1, memory: 1, disk: 4 }],
    images: [{ name: 'debian', file: image }],
  });
  const provider = createLibvirtProvider({
    ...{ spec, clock: systemClock, boundary: openBoundary, stateFolder: folder, lost: new Set() },
    virsh: ({ uri }) => localVirsh(uri),
    reaches: (address, port, call) => reaches(address, port, 2_000, call),
    say: (text) => console.log(text),
  });
  const place = { pool: 'cp', role: 'control-plane' as const, slot: 1, generation: 1 };
  const name = 'demo-cp-1-x7k2p';
  const machine: MachineRequest = {
    ...{
      ...place,
      name,
      types: ['small'],
      location: 'local',
      image: 'debian',
      labels: machineLabels(cluster, place, 'k3s'),
    },
  };
  const [login, hostKey] = [generateKeyPair('slipway-demo'), generateKeyPair(name)];
  const request: ClusterRequest = {
    ...{ cluster, machines: [machine], locations: ['local'], networkRange: '10.77.0.0/16', sshAllow: [], apiAllow: [] },
    ...{ sshPublicKey: login.publicKey, accept: [], encryption: 'none' },
  };
  const started = Date.now();
  const said = (what: string): void => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s: ${what}`);
  expect(await provider.preflight(request, options)).toEqual([]);
  const made = new Map<string, CreatedResource>();
  for (const resource of await provider.infrastructure.plan(request, options))
    made.set(resource.id, await provider.infrastructure.ensure(resource, made, options));
  said('network and image');
  const userData = await cloudInit({ hostname: name, sshPublicKey: login.publicKey, hostKey });
  const remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
  try {
    const created = await provider.machines.create(machine, userData, made, options);
    said('answers at the port of SSH');
    const target = {
      ...{ name, address: created.publicAddress!, port: 22, user: 'root', identity: login.privateKey },
      pins: () => Promise.resolve([hostKey.publicKey]),
    };
    const session = await remote.connect(target, 600_000, options);
    said('entered by SSH');
    const { stdout } = await session.command(
      'cloud-init status --wait; hostname; systemd-detect-virt',
      undefined,
      options,
    );
    expect(stdout).toMatch(/status: done\n+demo-cp-1-x7k2p\n(qemu|kvm)/);
    said(`cloud-init is done; QEMU has ${memoryOf(name)} MiB`);
    expect(await provider.machines.list(cluster, options)).toMatchObject([{ id: created.id, name, status: 'running' }]);
    expect(await provider.clusters(options)).toEqual([{ ...cluster, machines: 1, distribution: 'k3s' }]);
  } finally {
    await remote.close();
    for (const one of await provider.machines.list(cluster, options)) await provider.machines.delete(one, options);
    for (const item of await provider.infrastructure.list(cluster, options))
      await provider.infrastructure.remove(item, options);
  }
  expect(await provider.clusters(options)).toEqual([]);
  virsh('pool-refresh', pool);
  expect(virsh('vol-list', pool).trim()).toBe('');
});

/** What its process holds of the machine’s memory. */
function memoryOf(name: string): number {
  const pid = readFileSync(`/run/libvirt/qemu/${name}.pid`, 'utf8').trim();
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}
