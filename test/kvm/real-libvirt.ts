import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLibvirtProvider } from '../../providers/libvirt/index.js';
import { localVirsh } from '../../providers/libvirt/virsh.js';
import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { libvirtSchema } from '../../src/domain/spec/libvirt.js';
import type { PortHarness } from '../contract/harness.js';

const uri = 'qemu:///system';

export const virsh = (...args: string[]): string =>
  execFileSync('virsh', ['-q', '-c', uri, ...args], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });

const define = (xml: string): void =>
  void execFileSync('sh', ['-c', `cat | virsh -q -c ${uri} define /dev/stdin`], { input: xml });

const lines = (text: string): string[] => text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);

/**
 * The provider over a real libvirtd, in a storage pool of the harness's own. Machines have a disk on which nothing lies:
 * they run, and `reaches` is answered by whether they do.
 */
export async function realHarness(): Promise<PortHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-kvm-'));
  const pool = folder.split('/').at(-1)!;
  writeFileSync(join(folder, 'empty.raw'), Buffer.alloc(2 ** 20));
  const disks = mkdtempSync(join(tmpdir(), 'slipway-kvm-pool-'));
  // QEMU runs as a user of its own.
  chmodSync(disks, 0o711);
  virsh('pool-define-as', pool, 'dir', '--target', disks);
  virsh('pool-start', pool);
  const spec = libvirtSchema.parse({
    hosts: [{ name: 'here', pool }],
    network: { mode: 'nat' },
    accel: 'tcg',
    types: [{ name: 'small', cpu: 1, memory: 0.25, disk: 2 }],
    images: [{ name: 'empty', file: join(folder, 'empty.raw'), format: 'raw' }],
  });
  const before = new Set([...lines(virsh('list', '--all', '--name')), ...lines(virsh('net-list', '--all', '--name'))]);
  const theirs: string[] = [];
  return {
    open: async ({ boundary = openBoundary } = {}) =>
      createLibvirtProvider({
        ...{ spec, boundary, clock: systemClock, stateFolder: folder, lost: new Set() },
        virsh: ({ uri: at }) => localVirsh(at),
        reaches: async () => true,
        say: () => {},
      }),
    types: { first: 'small' },
    places: { first: 'local' },
    image: 'empty',
    many: 3,
    addresses: { public: /^10\.0\.\d+\.\d+$/, private: /^10\.0\.\d+\.\d+$/ },
    violations: undefined,
    outside: {
      machine: async (name) => {
        define(`<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`);
        theirs.push(name);
      },
      everything: async () => {
        virsh('pool-refresh', pool);
        return [
          ...lines(virsh('list', '--all', '--name')).map((name) => ['machine', name]),
          ...lines(virsh('net-list', '--all', '--name')).map((name) => ['network', name]),
          ...lines(virsh('vol-list', pool)).map((name) => ['volume', name]),
        ].flatMap(([kind = '', name = '']) => (before.has(name) ? [] : [`${kind}/${name}`]));
      },
    },
    close: async () => {
      for (const name of lines(virsh('list', '--all', '--name')).filter((one) => !before.has(one))) {
        if (virsh('domstate', name).trim() === 'running') virsh('destroy', name);
        virsh('undefine', name);
      }
      for (const name of lines(virsh('net-list', '--all', '--name')).filter((one) => !before.has(one))) {
        if (lines(virsh('net-list', '--name')).includes(name)) virsh('net-destroy', name);
        virsh('net-undefine', name);
      }
      virsh('pool-destroy', pool);
      virsh('pool-undefine', pool);
      for (const path of [disks, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}
