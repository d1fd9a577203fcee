import { createHash } from 'node:crypto';

import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

import type { LibvirtImageSpec, LibvirtTypeSpec } from '../../src/domain/spec/libvirt.js';

const many = ['domain', 'slipway:label', 'ip', 'guest', 'cell'];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  isArray: (name, _path, _leaf, isAttribute) => !isAttribute && many.includes(name),
});
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });

export const toXml = (document: object): string => builder.build(document);

/** What of libvirt’s answers is read; there is much more in them, and more with each release. */
const quantity = z.union([z.string(), z.object({ '#text': z.string(), '@unit': z.string().optional() })]);
const labelShape = z.object({ '@name': z.string(), '@value': z.string() });
const markShape = z
  .object({
    '@address': z.string(),
    '@type': z.string(),
    '@location': z.string(),
    '@image': z.string(),
    '@created': z.string(),
    '@hash': z.string(),
    '@name': z.string().optional(),
    '@image-id': z.string().optional(),
    'slipway:label': z.array(labelShape).default([]),
  })
  .transform((mark) => ({
    address: mark['@address'],
    type: mark['@type'],
    location: mark['@location'],
    image: mark['@image'],
    createdAt: mark['@created'],
    hash: mark['@hash'],
    name: mark['@name'],
    imageId: mark['@image-id'],
    labels: Object.fromEntries(mark['slipway:label'].map((label) => [label['@name'], label['@value']])),
  }));

/**
 * What we write on a machine, in its metadata. Its own name is there where that is another than the domain’s, which cannot
 * change while it runs; the image’s id where machines were made from one of ours.
 */
export type Mark = z.output<typeof markShape>;

const metadata = z.union([z.string(), z.looseObject({ 'slipway:machine': markShape.optional().catch(undefined) })]);
const domainShape = z.object({
  domain: z.tuple([
    z.looseObject({
      '@type': z.string(),
      name: z.string(),
      uuid: z.string(),
      memory: quantity,
      metadata: metadata.optional(),
    }),
  ]),
});

export interface Domain {
  readonly kind: string;
  readonly name: string;
  readonly uuid: string;
  readonly memoryMiB: number;
  /** Undefined of one that is not ours. */
  readonly mark: Mark | undefined;
}

export function readDomain(xml: string): Domain {
  const [{ '@type': kind, name, uuid, memory, metadata: meta }] = domainShape.parse(parser.parse(xml)).domain;
  const mark = typeof meta === 'object' ? meta['slipway:machine'] : undefined;
  return { kind, name, uuid, memoryMiB: Math.ceil(bytesOf(memory, 'KiB') / 2 ** 20), mark };
}

const units: Readonly<Record<string, number>> = { b: 1, bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function bytesOf(value: z.output<typeof quantity>, usual: string): number {
  const [text, unit = usual] = typeof value === 'string' ? [value] : [value['#text'], value['@unit']];
  return Number(text) * (units[unit] ?? Number.NaN);
}

const cellShape = z.looseObject({ memory: quantity, cpus: z.looseObject({ '@num': z.string() }) });
const guestShape = z.looseObject({
  arch: z.looseObject({
    '@name': z.string(),
    domain: z.array(z.union([z.string(), z.looseObject({ '@type': z.string() })])).default([]),
  }),
});
const capabilitiesShape = z.object({
  capabilities: z.looseObject({
    host: z.looseObject({
      cpu: z.looseObject({ arch: z.string() }),
      topology: z.looseObject({ cells: z.looseObject({ cell: z.array(cellShape) }) }),
    }),
    guest: z.array(guestShape).default([]),
  }),
});

export interface Capabilities {
  readonly arch: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** Whether libvirt offers it, which does not mean that anything boots by it. */
  readonly kvm: boolean;
}

export function readCapabilities(xml: string): Capabilities {
  const { host, guest } = capabilitiesShape.parse(parser.parse(xml)).capabilities;
  const { cell: cells } = host.topology.cells;
  const kinds = guest.filter(({ arch }) => arch['@name'] === host.cpu.arch).flatMap(({ arch }) => arch.domain);
  return {
    arch: host.cpu.arch,
    cpus: cells.reduce((sum, { cpus }) => sum + Number(cpus['@num']), 0),
    memoryMiB: Math.floor(cells.reduce((sum, { memory }) => sum + bytesOf(memory, 'KiB'), 0) / 2 ** 20),
    kvm: kinds.some((kind) => typeof kind === 'object' && kind['@type'] === 'kvm'),
  };
}

const poolShape = z.object({
  pool: z.looseObject({ available: quantity, target: z.looseObject({ path: z.string() }) }),
});

export function readPool(xml: string): { readonly availableBytes: number; readonly path: string } {
  const { available, target } = poolShape.parse(parser.parse(xml)).pool;
  return { availableBytes: bytesOf(available, 'bytes'), path: target.path };
}

const volumeShape = z.object({ volume: z.looseObject({ capacity: quantity, allocation: quantity }) });

export function readVolume(xml: string): { readonly capacityBytes: number; readonly allocatedBytes: number } {
  const { capacity, allocation } = volumeShape.parse(parser.parse(xml)).volume;
  return { capacityBytes: bytesOf(capacity, 'bytes'), allocatedBytes: bytesOf(allocation, 'bytes') };
}

const ipShape = z.union([
  z.string(),
  z.looseObject({
    '@address': z.string().optional(),
    '@prefix': z.string().optional(),
    '@netmask': z.string().optional(),
  }),
]);
const networkShape = z.object({
  network: z.looseObject({
    name: z.string(),
    uuid: z.string(),
    forward: z.union([z.string(), z.looseObject({ '@mode': z.string().optional() })]).optional(),
    ip: z.array(ipShape).default([]),
  }),
});

export interface Network {
  readonly name: string;
  readonly uuid: string;
  readonly mode: string;
  /** The host’s own in it, each with its prefix or netmask behind a slash: `10.0.0.1/16`. */
  readonly addresses: readonly string[];
}

export function readNetwork(xml: string): Network {
  const { name, uuid, forward, ip } = networkShape.parse(parser.parse(xml)).network;
  const mode = typeof forward === 'object' ? (forward['@mode'] ?? 'nat') : '';
  const addresses = ip.flatMap((one) =>
    typeof one === 'object' && one['@address']
      ? [`${one['@address']}/${one['@prefix'] ?? (one['@netmask'] ? prefixOf(one['@netmask']) : 24)}`]
      : [],
  );
  return { name, uuid, mode, addresses };
}

/** 16 of 255.255.0.0 */
const prefixOf = (netmask: string): number =>
  netmask.split('.').reduce((bits, part) => bits + Number(part).toString(2).replaceAll('0', '').length, 0);

export const networkXml = (network: Omit<Network, 'addresses'> & { address: string; prefix: number }): string =>
  toXml({
    network: {
      name: network.name,
      uuid: network.uuid,
      forward: { '@mode': network.mode === 'routed' ? 'route' : network.mode },
      bridge: { '@stp': 'off', '@delay': '0' },
      ip: { '@address': network.address, '@prefix': String(network.prefix) },
    },
  });

/** A volume: a file as it is; with `backing`, a disk that holds only what differs from that, or `alone` one that holds all. */
export function volumeXml(
  name: string,
  bytes: number,
  backing?: { readonly path: string; readonly format: LibvirtImageSpec['format'] } | 'alone',
): string {
  return toXml({
    volume: {
      name,
      capacity: { '@unit': 'bytes', '#text': String(bytes) },
      target: { format: { '@type': backing ? 'qcow2' : 'raw' } },
      ...(typeof backing === 'object'
        ? { backingStore: { path: backing.path, format: { '@type': backing.format } } }
        : {}),
    },
  });
}

export interface DomainPlan {
  readonly name: string;
  readonly uuid: string;
  readonly kind: 'kvm' | 'qemu';
  readonly size: Pick<LibvirtTypeSpec, 'cpu' | 'memory'>;
  readonly pool: string;
  /** Names of volumes in the pool. */
  readonly disk: string;
  readonly seed: string;
  /** Where the host keeps what the machine says on its serial console. */
  readonly console: string;
  readonly mac: string;
  readonly source: { readonly network: string } | { readonly bridge: string };
  readonly mark: Omit<Mark, 'hash'>;
}

/** The domain of a machine, with our labels and a hash of all else: libvirt adds to what it is given. */
export function domainXml(plan: DomainPlan): string {
  const body = domainBody(plan);
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const mark = { '@xmlns:slipway': namespace, ...markBody({ ...plan.mark, hash }, 'slipway:label') };
  return toXml({ domain: { '@type': plan.kind, ...body, metadata: { 'slipway:machine': mark } } });
}

export const namespace = 'https://slipway.dev/libvirt';
/** What its namespace is called by in a domain. */
export const namespaceKey = 'slipway';

/** The mark by itself, as `virsh metadata` takes it: libvirt puts it in its namespace. */
export const markXml = (mark: Mark): string => toXml({ machine: markBody(mark, 'label') });

function markBody(mark: Mark, labelTag: string): object {
  const { address, type, location, image, createdAt, hash, name, imageId, labels } = mark;
  return {
    ...{ '@address': address, '@type': type, '@location': location, '@image': image },
    ...{ '@created': createdAt, '@hash': hash },
    ...(name === undefined ? {} : { '@name': name }),
    ...(imageId === undefined ? {} : { '@image-id': imageId }),
    [labelTag]: Object.entries(labels).map(([key, value]) => ({ '@name': key, '@value': value })),
  };
}

function domainBody(plan: DomainPlan): object {
  const volume = (name: string) => ({ '@pool': plan.pool, '@volume': name });
  const { source } = plan;
  return {
    name: plan.name,
    uuid: plan.uuid,
    memory: { '@unit': 'MiB', '#text': String(Math.round(plan.size.memory * 1024)) },
    vcpu: String(plan.size.cpu),
    os: { type: { '@arch': 'x86_64', '@machine': 'q35', '#text': 'hvm' }, boot: { '@dev': 'hd' } },
    features: { acpi: {}, apic: {} },
    cpu: { '@mode': plan.kind === 'kvm' ? 'host-passthrough' : 'maximum' },
    clock: { '@offset': 'utc' },
    on_crash: 'restart',
    devices: {
      disk: [
        {
          ...{ '@type': 'volume', '@device': 'disk' },
          driver: { '@name': 'qemu', '@type': 'qcow2', '@discard': 'unmap' },
          source: volume(plan.disk),
          target: { '@dev': 'vda', '@bus': 'virtio' },
        },
        {
          // Not as a CD-ROM: a q35 machine has no IDE, and kernels that distributions make for clouds have no driver of
          // SATA. All have the one of the disk above; cloud-init knows its seed by the label, wherever it lies.
          ...{ '@type': 'volume', '@device': 'disk' },
          driver: { '@name': 'qemu', '@type': 'raw' },
          source: volume(plan.seed),
          target: { '@dev': 'vdb', '@bus': 'virtio' },
          readonly: {},
        },
      ],
      interface: {
        '@type': 'bridge' in source ? 'bridge' : 'network',
        mac: { '@address': plan.mac },
        source: 'bridge' in source ? { '@bridge': source.bridge } : { '@network': source.network },
        model: { '@type': 'virtio' },
      },
      serial: { '@type': 'pty', log: { '@file': plan.console, '@append': 'on' }, target: { '@port': '0' } },
      rng: { '@model': 'virtio', backend: { '@model': 'random', '#text': '/dev/urandom' } },
      memballoon: { '@model': 'virtio' },
    },
  };
}
