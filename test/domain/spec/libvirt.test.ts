import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { checkLibvirt, libvirtSchema } from '../../../src/domain/spec/libvirt.js';

const host = { name: 'kvm1', uri: 'qemu:///system' };
const types = [{ name: 'small', cpu: 2, memory: 4, disk: 40 }];
const images = [{ name: 'debian-12', file: 'debian.qcow2' }];
const bridge = { bridge: 'br0', gateway: '10.0.0.1/16', addresses: '10.0.8.0-10.0.8.255' };
const parse = (change: object = {}) => libvirtSchema.safeParse({ hosts: [host], types, images, ...change });
const check = (change: object = {}, provider: object = {}, range = '10.0.0.0/16') =>
  checkLibvirt({
    provider: {
      name: 'libvirt',
      libvirt: libvirtSchema.parse({ hosts: [host], types, images, ...change }),
      ...provider,
    },
    network: { range },
  }).map(({ path, message }) => `${path.join('.')}: ${message}`);
const pin = `SHA256:${'a'.repeat(43)}`;

describe('The hosts with libvirt of a file', () => {
  it('need no more than a type and an image', () => {
    expect(parse({ hosts: [{ name: 'kvm1' }] }).data).toMatchObject({
      accel: 'kvm',
      network: { mode: 'nat' },
      hosts: [{ uri: 'qemu:///system', pool: 'default', location: 'local', reserve: 1 }],
    });
    expect(check()).toEqual([]);
  });

  it.each([
    ['qemu:///session'],
    ['qemu+tcp://kvm1/system'],
    ['qemu+ssh://kvm1/session'],
    ['qemu+ssh://root@kvm1/system?no_verify=1'],
    ['qemu+ssh://-oProxyCommand=x/system;reboot'],
  ])('are not reached by %s', (uri) => {
    expect(parse({ hosts: [{ ...host, uri, hostKey: pin }] }).success).toBe(false);
  });

  it.each([['qemu+ssh://kvm1/system'], ['qemu+ssh://op@10.0.0.5:2222/system']])('may be reached by %s', (uri) => {
    expect(parse({ hosts: [{ ...host, uri, hostKey: pin }] }).success).toBe(true);
  });

  it.each([
    ['an image from the internet without a sum', { images: [{ name: 'a', url: 'https://a.example/a.qcow2' }] }],
    ['an image from nowhere', { images: [{ name: 'a' }] }],
    ['no image', { images: [] }],
    ['no type', { types: [] }],
    ['a type without memory', { types: [{ name: 'a', cpu: 1, memory: 0, disk: 10 }] }],
    ['addresses that end before they begin', { network: { ...bridge, addresses: '10.0.8.9-10.0.8.1' } }],
    ['a gateway without its prefix', { network: { ...bridge, gateway: '10.0.0.1' } }],
    ['a bridge and a mode', { network: { ...bridge, mode: 'nat' } }],
    ['a key nobody knows', { acceleration: 'kvm' }],
  ])('are refused with %s', (_what, change) => {
    expect(parse(change).success).toBe(false);
  });

  it('that are reached by SSH have pinned keys', () => {
    expect(check({ hosts: [{ ...host, uri: 'qemu+ssh://kvm1/system' }] })).toEqual([
      'provider.libvirt.hosts.0: kvm1 needs a hostKey: `ssh-keyscan` on a way you trust shows it',
    ]);
  });

  it('have names once, and so have types and images', () => {
    expect(check({ hosts: [host, host], network: bridge, types: [...types, ...types] })).toEqual([
      'provider.libvirt.hosts.1.name: each only once: kvm1',
      'provider.libvirt.types.1.name: each only once: small',
    ]);
  });

  it('share a bridge where they are several', () => {
    const hosts = [host, { ...host, name: 'kvm2' }];
    expect(check({ hosts })[0]).toContain('provider.libvirt.network: a bridge');
    expect(check({ hosts, network: bridge })).toEqual([]);
  });

  it('have addresses for machines in the range of the file, and not the gateway’s', () => {
    const of = (change: object) => check({ network: { ...bridge, ...change } });
    expect(of({ addresses: '10.1.8.0-10.1.8.9' })[0]).toContain('addresses inside network.range (10.0.0.0/16)');
    expect(of({ addresses: '10.0.0.1-10.0.0.9' })).toEqual([expect.stringContaining('without the gateway’s')]);
    expect(of({ gateway: '192.168.0.1/24' })[0]).toContain('a gateway whose network holds network.range');
    expect(of({ gateway: '10.0.0.1/8' })).toEqual([]);
  });

  it('are in a country where residency asks, and belong to no other provider', () => {
    expect(check({}, { residency: ['DE'] })).toEqual([
      'provider.libvirt.hosts.0: kvm1 needs a country, since residency asks for it',
    ]);
    expect(check({}, { name: 'hetzner' })).toEqual(['provider.libvirt: for the provider libvirt only']);
  });
});

describe('The guide to KVM', () => {
  const guide = readFileSync(new URL('../../../docs/guides/kvm.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text]) => parseAllDocuments(text!)[0]!.toJS() as { provider?: { libvirt: object } },
  );

  it('has files that are right', () => {
    expect(blocks).toHaveLength(2);
    const [whole, part] = blocks;
    expect(check(whole!.provider!.libvirt)).toEqual([]);
    const hosts = JSON.parse(JSON.stringify(part).replaceAll('SHA256:…', pin)) as object;
    expect(check(hosts, {}, '10.1.0.0/16')).toEqual([]);
  });
});
