import { describe, expect, it } from 'vitest';

import { machineUuid, networkUuid, ownerOf, volumeName } from '../../../providers/libvirt/names.js';
import {
  type DomainPlan,
  domainXml,
  networkXml,
  readCapabilities,
  readDomain,
  readNetwork,
  readPool,
} from '../../../providers/libvirt/xml.js';

const cluster = { name: 'demo', id: 'k3f9x2' };
const plan: DomainPlan = {
  ...{ name: 'demo-cp-1-x7k2p', uuid: machineUuid(cluster, 'demo-cp-1-x7k2p'), kind: 'kvm' },
  size: { cpu: 2, memory: 1.5 },
  ...{ pool: 'default', disk: 'd', seed: 's', console: '/pool/c.log', mac: '52:54:0a:00:00:10' },
  source: { bridge: 'br0' },
  mark: {
    ...{ name: undefined, imageId: undefined },
    ...{
      address: '10.0.0.16',
      type: 'small',
      location: 'local',
      image: 'debian-12',
      createdAt: '2026-11-20T10:00:00Z',
    },
    labels: { 'slipway.dev/cluster': 'demo', 'slipway.dev/odd': `<&>"' Ærø` },
  },
};

/** As libvirt 9.0 gives a domain back: other units, what it was not told, and its own order. */
const theirs = (mine: string): string =>
  mine
    .replace(
      /<memory unit="MiB">(\d+)<\/memory>/,
      (_, mib: string) => `<memory unit='KiB'>${Number(mib) * 1024}</memory>`,
    )
    .replace('</os>', "</os><on_poweroff>destroy</on_poweroff><seclabel type='none'/>")
    .replace('<domain ', "<domain id='7' ");

describe('A domain', () => {
  it('tells its labels and its size again, whatever libvirt made of the rest', () => {
    const domain = readDomain(theirs(domainXml(plan)));
    expect(domain).toMatchObject({ name: plan.name, uuid: plan.uuid, kind: 'kvm', memoryMiB: 1536 });
    expect(domain.mark).toEqual({ ...plan.mark, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('has another hash when it is to be another machine, and the same when only its labels differ', () => {
    const hash = (change: Partial<DomainPlan>) => readDomain(domainXml({ ...plan, ...change })).mark!.hash;
    expect(hash({})).toBe(hash({ mark: { ...plan.mark, labels: {} } }));
    expect(hash({ kind: 'qemu' })).not.toBe(hash({}));
    expect(hash({ size: { cpu: 2, memory: 2 } })).not.toBe(hash({}));
  });

  it('has its seed where kernels made for clouds have a driver, and asks of KVM what only that can give', () => {
    const xml = domainXml(plan);
    expect(xml).toContain('machine="q35"');
    expect(xml).toContain('<target dev="vdb" bus="virtio"/>');
    expect(xml).not.toMatch(/"(ide|sata)"/);
    expect(xml).toContain('host-passthrough');
    expect(domainXml({ ...plan, kind: 'qemu' })).toContain('<cpu mode="maximum"/>');
  });

  it.each([
    ['no metadata', "<domain type='kvm'><name>a</name><uuid>u</uuid><memory unit='KiB'>1024</memory></domain>"],
    [
      'metadata of another program',
      "<domain type='kvm'><name>a</name><uuid>u</uuid><memory unit='KiB'>1024</memory><metadata><libosinfo:libosinfo xmlns:libosinfo='x'><libosinfo:os id='y'/></libosinfo:libosinfo></metadata></domain>",
    ],
    [
      'half of ours',
      "<domain type='kvm'><name>a</name><uuid>u</uuid><memory unit='KiB'>1024</memory><metadata><slipway:machine address='10.0.0.1'/></metadata></domain>",
    ],
    [
      'empty metadata',
      "<domain type='kvm'><name>a</name><uuid>u</uuid><memory unit='KiB'>1024</memory><metadata/></domain>",
    ],
  ])('with %s is not ours', (_what, xml) => {
    expect(readDomain(xml)).toEqual({ kind: 'kvm', name: 'a', uuid: 'u', memoryMiB: 1, mark: undefined });
  });
});

describe('What a host has', () => {
  it('is read from its capabilities, cells of memory added up', () => {
    const cell = "<cell id='0'><memory unit='KiB'>2097152</memory><cpus num='4'><cpu id='0'/></cpus></cell>";
    const guest = (arch: string, kinds: string) =>
      `<guest><arch name='${arch}'><domain type='qemu'/>${kinds}</arch></guest>`;
    const xml = (kinds: string) =>
      `<capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num='2'>${cell}${cell}</cells></topology></host>${guest('i686', "<domain type='kvm'/>")}${guest('x86_64', kinds)}</capabilities>`;
    expect(readCapabilities(xml("<domain type='kvm'/>"))).toEqual({
      arch: 'x86_64',
      cpus: 8,
      memoryMiB: 4096,
      kvm: true,
    });
    expect(readCapabilities(xml('')).kvm).toBe(false);
  });

  it('is read of its pool and its networks, netmasks too', () => {
    const pool = "<pool type='dir'><available unit='bytes'>42</available><target><path>/p</path></target></pool>";
    expect(readPool(pool)).toEqual({ availableBytes: 42, path: '/p' });
    const network =
      "<network><name>default</name><uuid>u</uuid><forward mode='nat'/><ip address='192.168.122.1' netmask='255.255.255.0'/><ip family='ipv6' address='fd00::1' prefix='64'/></network>";
    expect(readNetwork(network)).toEqual({
      name: 'default',
      uuid: 'u',
      mode: 'nat',
      addresses: ['192.168.122.1/24', 'fd00::1/64'],
    });
    expect(readNetwork('<network><name>n</name><uuid>u</uuid></network>').addresses).toEqual([]);
    const ours = networkXml({ name: 'n', uuid: 'u', mode: 'routed', address: '10.0.0.1', prefix: 16 });
    expect(readNetwork(ours)).toEqual({ name: 'n', uuid: 'u', mode: 'route', addresses: ['10.0.0.1/16'] });
  });
});

describe('Names', () => {
  it('say whose a volume or a network is, and nothing of what others made', () => {
    expect(ownerOf(volumeName(cluster, 'machine.demo-cp-1-x7k2p.disk'))).toEqual({
      ...cluster,
      machine: 'demo-cp-1-x7k2p',
    });
    expect(ownerOf(volumeName(cluster, 'image.0123.whole'))).toEqual({ ...cluster, machine: undefined });
    expect(ownerOf('slipway.demo.k3f9x2')).toEqual({ ...cluster, machine: undefined });
    for (const name of ['default', 'slipway', 'slipway.demo', 'vm-1.qcow2', 'my.slipway.demo.k3f9x2'])
      expect(ownerOf(name)).toBeUndefined();
  });

  it('have ids that are the same for everybody and another for each', () => {
    expect(machineUuid(cluster, 'a')).toBe(machineUuid(cluster, 'a'));
    expect(machineUuid(cluster, 'a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set([machineUuid(cluster, 'a'), machineUuid(cluster, 'b'), networkUuid(cluster.id)]).size).toBe(3);
  });
});
