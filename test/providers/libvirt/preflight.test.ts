import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Problem } from '../../../src/provider/port.js';
import type { LibvirtHarness } from '../../contract/support/libvirt-harness.js';
import { alone, cluster, harness, machine, options, requestOf } from './support.js';

async function problems(
  given: LibvirtHarness,
  machines = [machine()],
  change: Parameters<typeof requestOf>[1] = {},
): Promise<readonly Problem[]> {
  return (await given.open()).preflight(requestOf(machines, change), options);
}

const said = (stderr: string) => ({ code: 1, stdout: '', stderr });
const unreachable =
  "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': ";

describe('Before anything is made', () => {
  it.each([
    [
      'the host does not answer',
      unreachable + 'No such file or directory',
      'LIBVIRT_UNREACHABLE',
      /Start libvirtd on kvm1/,
    ],
    ['the socket lets nobody in', unreachable + 'Permission denied', 'LIBVIRT_DENIED', /group libvirt/],
    [
      'polkit lets nobody in',
      'error: failed to connect to the hypervisor\nerror: authentication unavailable: no polkit agent available',
      'LIBVIRT_DENIED',
      /group libvirt/,
    ],
    ['virsh is missing', 'virsh: 1: virsh: not found', 'LIBVIRT_CLIENT_MISSING', /Install libvirt/],
  ])('it is said of a host that %s, with what to do', async (_what, stderr, code, hint) => {
    const given = await harness(alone);
    given.fakes.kvm1.failNext('capabilities', said(stderr));
    expect(await problems(given)).toMatchObject([
      { code, kind: 'refused', hint: expect.stringMatching(hint) as string, path: 'provider.libvirt.hosts[0]' },
    ]);
  });

  it('every host that cannot be worked with is named, and nothing is guessed of the rest', async () => {
    const given = await harness();
    given.fakes.kvm1.failNext('capabilities', said(unreachable + 'Connection refused'));
    given.fakes.kvm2.failNext('capabilities', new Error('there is no route to it'));
    expect((await problems(given)).map(({ code, message }) => `${code} ${message}`)).toEqual([
      'LIBVIRT_UNREACHABLE kvm1 cannot be worked with: its libvirt does not answer.',
      'LIBVIRT_UNREACHABLE kvm2 does not answer.',
    ]);
  });

  it.each([
    ['is not there', { poolIsThere: false }],
    ['is not started', { poolIsActive: false }],
  ])('a storage pool that %s is refused, with the commands that make it', async (_what, change) => {
    const given = await harness(alone);
    Object.assign(given.fakes.kvm1, change);
    expect(await problems(given)).toMatchObject([
      { code: 'LIBVIRT_POOL', hint: expect.stringContaining('virsh pool-start default') as string },
    ]);
  });

  it('a pool without room for the disks is refused with what would be left', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.freeBytes = 25e9;
    const [problem, ...others] = await problems(
      given,
      [1, 2, 3].map((slot) => machine(slot)),
    );
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'LIBVIRT_CAPACITY', message: 'The hosts have room for 2 of 3 machines.' });
    expect(problem?.details).toEqual([
      'no room for demo-web-3-x7k2p (small)',
      expect.stringContaining('5 GB of disk are left then'),
    ]);
  });

  it('memory is counted for all machines together, before the first is made', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.memoryMiB = 4 * 1024;
    const many = [1, 2, 3, 4].map((slot) => machine(slot));
    expect(await problems(given, many.slice(0, 3))).toEqual([]);
    expect((await problems(given, many)).map(({ code }) => code)).toEqual(['LIBVIRT_CAPACITY']);
  });

  it('a name that a domain of somebody else has is refused', async () => {
    const given = await harness(alone);
    await given.outside.machine(machine().name);
    expect(await problems(given)).toMatchObject([{ code: 'NAME_TAKEN', kind: 'refused' }]);
  });

  it('a network with addresses of ours is refused, and so is one of somebody else with our name', async () => {
    const given = await harness(alone);
    await given.outside.network('theirs');
    expect(await problems(given)).toEqual([]);
    expect(await problems(given, [machine()], { networkRange: '172.31.0.0/16' })).toMatchObject([
      {
        code: 'LIBVIRT_RANGE_TAKEN',
        message: 'The network theirs on kvm1 has addresses of 172.31.0.0/16: 172.31.0.1/24.',
      },
    ]);
    await given.outside.network(`slipway.${cluster.name}.${cluster.id}`);
    expect((await problems(given)).map(({ code }) => code)).toEqual(['NAME_TAKEN']);
  });

  it('an image that is not there is refused', async () => {
    const given = await harness({ ...alone, images: [{ name: 'debian-12', file: '/nowhere/debian.qcow2' }] });
    expect(await problems(given)).toMatchObject([{ code: 'IMAGE_UNREADABLE', path: 'provider.libvirt.images' }]);
  });

  it('a host without KVM is refused, unless emulation is allowed', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.offersKvm = false;
    expect(await problems(given)).toMatchObject([
      { code: 'LIBVIRT_NO_KVM', hint: expect.stringContaining('accel: auto') as string },
    ]);
    for (const accel of ['auto', 'tcg']) {
      const allowed = await harness({ ...alone, accel });
      allowed.fakes.kvm1.offersKvm = false;
      expect(await problems(allowed)).toEqual([]);
    }
  });

  it('a host of another architecture is refused', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.arch = 'aarch64';
    expect((await problems(given)).map(({ code }) => code)).toEqual(['LIBVIRT_ARCHITECTURE']);
  });

  it('a NAT network of another computer is refused, since nothing here could reach its machines', async () => {
    const at = (uri: string) => ({
      ...alone,
      hosts: [{ name: 'kvm1', location: 'north', uri, hostKey: `SHA256:${'a'.repeat(43)}` }],
    });
    expect(await problems(await harness(at('qemu+ssh://root@kvm.example/system')))).toMatchObject([
      { code: 'LIBVIRT_NETWORK_BEHIND' },
    ]);
    for (const uri of ['qemu+ssh://root@127.0.0.1:2201/system', 'qemu+ssh://localhost/system', 'qemu:///system'])
      expect(await problems(await harness(at(uri)))).toEqual([]);
    const routed = { ...at('qemu+ssh://root@kvm.example/system'), network: { mode: 'routed' } };
    expect(await problems(await harness(routed))).toEqual([]);
  });

  it('an address for the API that a machine could be given is refused', async () => {
    const given = await harness(alone);
    expect((await problems(given, [machine()], { apiAddress: '10.0.1.1' })).map(({ code }) => code)).toEqual([
      'LIBVIRT_ADDRESSES',
    ]);
    expect(await problems(given, [machine()], { apiAddress: '10.0.200.1' })).toEqual([]);
  });

  it('rules of the file that no firewall would keep are refused', async () => {
    const given = await harness(alone);
    expect((await problems(given, [machine()], { sshAllow: ['203.0.113.0/24'] })).map(({ code }) => code)).toEqual([
      'FIREWALL_NOT_MANAGED',
    ]);
  });

  it('hosts that are lost for good are asked nothing', async () => {
    const given = await harness();
    given.fakes.kvm1.failNext('capabilities', new Error('there is no route to it'));
    const provider = await given.open({ lost: new Set(['kvm1']) });
    const south = machine(1, { location: 'south' });
    expect(await provider.preflight(requestOf([south], { locations: ['south'] }), options)).toEqual([]);
    expect(given.fakes.kvm1.calls).toEqual([]);
  });
});

describe('An image', () => {
  it('with another sum than the file says is never copied to a host', async () => {
    const given = await harness({
      ...alone,
      images: [{ name: 'debian-12', file: '/nowhere', sha256: 'a'.repeat(64) }],
    });
    writeFileSync(join(given.folder, 'other.qcow2'), 'something else');
    Object.assign(given.spec.images[0]!, { file: join(given.folder, 'other.qcow2') });
    const provider = await given.open();
    const plan = await provider.infrastructure.plan(requestOf([machine()]), options);
    const image = plan.find(({ id }) => id.startsWith('image:'))!;
    await expect(provider.infrastructure.ensure(image, new Map(), options)).rejects.toMatchObject({
      code: 'IMAGE_CHECKSUM',
      exitCode: 3,
    });
    expect(given.fakes.kvm1.calls).not.toContain('vol-create');
  });
});
