import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLibvirtProvider, type LibvirtOptions } from '../../../providers/libvirt/index.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { type LibvirtSpec, libvirtSchema } from '../../../src/domain/spec/libvirt.js';
import { FakeLibvirt } from '../../providers/libvirt/fake-libvirt.js';
import { FakeClock } from '../../support/fake-clock.js';
import type { CloudHarness, OpenOptions } from '../harness.js';

export interface LibvirtHarness extends CloudHarness {
  open(options?: OpenOptions & Partial<LibvirtOptions>): Promise<ReturnType<typeof createLibvirtProvider>>;
  readonly fakes: Readonly<Record<'kvm1' | 'kvm2' | 'kvm3', FakeLibvirt>>;
  readonly spec: LibvirtSpec;
  readonly folder: string;
  readonly said: string[];
}

const bridge = { bridge: 'br0', gateway: '10.0.0.1/16', addresses: '10.0.1.0-10.0.2.255' };

/** The libvirt provider over three hosts that only this process knows: two on one network, and a small one apart. */
export async function libvirtHarness(change: object = {}): Promise<LibvirtHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-libvirt-'));
  writeFileSync(join(folder, 'debian.qcow2'), 'an image');
  const fakes = { kvm1: new FakeLibvirt(), kvm2: new FakeLibvirt(), kvm3: new FakeLibvirt() };
  fakes.kvm3.memoryMiB = 3 * 1024;
  const spec = libvirtSchema.parse({
    hosts: [
      { name: 'kvm1', location: 'north' },
      { name: 'kvm2', location: 'south' },
      { name: 'kvm3', location: 'island', zone: 'apart' },
    ],
    network: bridge,
    types: [
      { name: 'large', cpu: 2, memory: 4, disk: 40 },
      { name: 'small', cpu: 1, memory: 1, disk: 10 },
    ],
    images: [{ name: 'debian-12', file: join(folder, 'debian.qcow2') }],
    ...change,
  });
  const clock = new FakeClock();
  const said: string[] = [];
  const every = Object.values(fakes);
  const at = (location: string): FakeLibvirt =>
    fakes[spec.hosts.find((host) => host.location === location)!.name as 'kvm1'];
  let made = 0;
  const theirs = (on: FakeLibvirt, name: string, memoryMiB: number): string => {
    const uuid = `00000000-0000-4000-8000-${String((made += 1)).padStart(12, '0')}`;
    const options = { signal: new AbortController().signal };
    void on.virsh(['define', '/dev/stdin'], options, {
      input: `<domain type='kvm'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>${memoryMiB}</memory></domain>`,
    });
    return uuid;
  };
  return {
    ...{ fakes, spec, folder, said },
    open: async ({ boundary = openBoundary, ...more } = {}) =>
      createLibvirtProvider({
        ...{ spec, clock, boundary, stateFolder: folder, lost: new Set() },
        virsh: (host) => fakes[host.name as 'kvm1'].virsh,
        reaches: async (address) => every.some((fake) => fake.answers(address)),
        say: (text) => void said.push(text),
        ...more,
      }),
    types: { first: 'large', second: 'small', elsewhere: 'large' },
    places: { first: 'north', second: 'south', apart: 'island' },
    image: 'debian-12',
    addressesCost: false,
    many: 60,
    addresses: { public: /^10\.0\.[12]\.\d+$/, private: /^10\.0\.[12]\.\d+$/ },
    violations: undefined,
    outside: {
      machine: async (name) => theirs(fakes.kvm1, name, 512),
      network: async (name) => {
        const address = "<ip address='172.31.0.1' prefix='24'/>";
        const xml = `<network><name>${name}</name><uuid>00000000-0000-4000-8000-00000000abcd</uuid>${address}</network>`;
        fakes.kvm1.networks.set(name, {
          ...{ uuid: '00000000-0000-4000-8000-00000000abcd', xml },
          address: '172.31.0.1',
          active: true,
        });
        return name;
      },
      stop: async (id) => {
        for (const fake of every)
          for (const domain of fake.domains.values()) if (domain.uuid === id) domain.running = false;
      },
      // Somebody else takes all but a little less than one needs.
      sellOut: async (type, location) => {
        const fake = at(location);
        const used = [...fake.domains.values()].reduce((sum, one) => sum + one.memoryMiB, 0);
        const needs = spec.types.find(({ name }) => name === type)!.memory * 1024;
        theirs(fake, `theirs-${type}`, fake.memoryMiB - 1024 - used - needs + 1);
      },
      quota: async (machines) => {
        for (const host of spec.hosts) host.machines = machines;
      },
      everything: async () =>
        every.flatMap((fake) => {
          fake.keepConsoles();
          return [
            ...[...fake.domains.values()].map(({ name }) => `machine/${name}`),
            ...[...fake.volumes.keys()].map((name) => `volume/${name}`),
            ...[...fake.networks.keys()].map((name) => `network/${name}`),
          ];
        }),
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
