import { z } from 'zod';

import { ipv4Address } from './fields.js';
import { hostKey } from './hosts.js';
import { ipv4RangePattern, parseRange, within } from './ranges.js';

const word = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, 'small letters, digits, dashes and dots');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 sum of 64 small hexadecimal digits');

const hostSchema = z.strictObject({
  name: word.describe('What it is called here; unique in the file.'),
  uri: z
    .string()
    .regex(
      /^(qemu:\/\/\/system|qemu\+ssh:\/\/([a-z_][-a-z0-9_]*@)?[A-Za-z0-9.-]+(:[0-9]{1,5})?\/system)$/,
      'qemu:///system, or qemu+ssh://user@host:port/system',
    )
    .default('qemu:///system')
    .describe('How its libvirt is reached: on this computer, or by SSH.'),
  hostKey: z
    .union([hostKey, z.array(hostKey).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .optional()
    .describe('With `qemu+ssh://`: its host key or fingerprint, or several. Nothing is ever trusted on first use.'),
  pool: z.string().min(1).default('default').describe('The storage pool that disks are made in, a folder of the host.'),
  location: word.default('local').describe('A word of your own for where it stands, such as a rack or a site.'),
  zone: word.default('lan').describe('A word of your own for its network: hosts of one zone share their bridge’s.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters, as in ISO 3166-1: DE')
    .optional()
    .describe('Where it stands; `residency` asks for it.'),
  bridge: z.string().min(1).max(15).optional().describe('Its bridge, where that is not `network.bridge`.'),
  machines: z.int().min(1).optional().describe('How many machines of Slipway’s it takes at most. Default: no limit.'),
  reserve: z.number().min(0).default(1).describe('GiB of its memory that are left to itself.'),
});

const typeSchema = z.strictObject({
  name: word.describe('What pools call it.'),
  cpu: z.int().min(1).max(512).describe('Virtual processors.'),
  memory: z.number().min(0.25).max(8192).describe('GiB of memory.'),
  disk: z.int().min(2).max(65536).describe('GB of disk. It takes room only as it is written to.'),
});

const image = { name: word.describe('What the file’s `image` calls it.') };
const format = z.enum(['qcow2', 'raw']).default('qcow2').describe('Form of the file.');

const imageSchema = z.union([
  z.strictObject({
    ...image,
    url: z
      .string()
      .regex(/^https?:\/\//, 'https://…')
      .describe('Where it is downloaded from, once, to this computer.'),
    sha256: sha256.describe('What its content must have for a sum.'),
    format,
  }),
  z.strictObject({
    ...image,
    file: z.string().min(1).describe('A file of this computer; relative paths are meant from the cluster file.'),
    sha256: sha256.optional().describe('What its content must have for a sum. Default: whatever it has.'),
    format,
  }),
]);

const addressSpan = z
  .string()
  .regex(/^[0-9.]+-[0-9.]+$/, 'two IPv4 addresses with a dash between: 192.168.1.100-192.168.1.149')
  .refine((text) => spanOf(text) !== undefined, 'two IPv4 addresses, the lower first');

const networkSchema = z.union([
  z.strictObject({
    bridge: z.string().min(1).max(15).describe('A bridge that the hosts have already.'),
    gateway: z
      .string()
      .regex(ipv4RangePattern, 'an address with the length of its network’s prefix: 192.168.1.1/24')
      .describe('The router of its network, with the length of the network’s prefix.'),
    nameservers: z.array(ipv4Address).min(1).optional().describe('DNS servers. Default: the gateway.'),
    addresses: addressSpan.describe('Addresses that are nobody’s, for the machines; inside `network.range`.'),
  }),
  z.strictObject({
    mode: z
      .enum(['nat', 'routed'])
      .describe('A network that Slipway makes from `network.range`, behind the host’s address or routed by it.'),
    nameservers: z.array(ipv4Address).min(1).optional().describe('DNS servers. Default: the host.'),
  }),
]);

export const libvirtSchema = z
  .strictObject({
    hosts: z.array(hostSchema).min(1).describe('Hosts with libvirt, one or more.'),
    network: networkSchema.default({ mode: 'nat' }).describe('What machines are connected to.'),
    types: z.array(typeSchema).min(1).describe('Machine types, the usual one first.'),
    images: z.array(imageSchema).min(1).describe('System images with cloud-init, the usual one first.'),
    accel: z
      .enum(['auto', 'kvm', 'tcg'])
      .default('kvm')
      .describe('`auto` falls back to emulation in software where nothing boots by KVM; `tcg` is always that.'),
  })
  .describe('For the provider `libvirt`: the hosts, and what can be made on them.');

export type LibvirtSpec = z.output<typeof libvirtSchema>;
export type LibvirtHostSpec = LibvirtSpec['hosts'][number];
export type LibvirtImageSpec = LibvirtSpec['images'][number];
export type LibvirtTypeSpec = LibvirtSpec['types'][number];

/** First and last address of `a-b`, as numbers; undefined when that is no span. */
export function spanOf(text: string): { readonly first: bigint; readonly last: bigint } | undefined {
  const [first, last, ...more] = text.split('-').map((address) => parseRange(`${address}/32`)?.first);
  return first !== undefined && last !== undefined && more.length === 0 && first <= last ? { first, last } : undefined;
}

interface Parts {
  readonly provider?:
    | {
        readonly name?: string | undefined;
        readonly libvirt?: LibvirtSpec | undefined;
        readonly residency?: readonly string[] | undefined;
      }
    | undefined;
  readonly network?: { readonly range?: string | undefined } | undefined;
}

interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Names twice, hosts without a pinned key, networks that hosts cannot share, addresses that lie outside. */
export function checkLibvirt({ provider, network }: Parts): Finding[] {
  const spec = provider?.libvirt;
  if (!spec) return [];
  const at = (...rest: (string | number)[]) => ['provider', 'libvirt', ...rest];
  const lists = { hosts: spec.hosts, types: spec.types, images: spec.images };
  const own = 'mode' in spec.network;
  return [
    ...(provider.name === undefined || provider.name === 'libvirt'
      ? []
      : [{ path: at(), message: 'for the provider libvirt only' }]),
    ...Object.entries(lists).flatMap(([key, list]) => repeatedNames(at(key), list)),
    ...spec.hosts.flatMap(({ name, uri, hostKey: pins, country }, index) => [
      ...(uri.startsWith('qemu+ssh:') && !pins
        ? [
            {
              path: at('hosts', index),
              message: `${name} needs a hostKey: \`ssh-keyscan\` on a way you trust shows it`,
            },
          ]
        : []),
      ...(provider.residency && !country
        ? [{ path: at('hosts', index), message: `${name} needs a country, since residency asks for it` }]
        : []),
    ]),
    ...(own && spec.hosts.length > 1
      ? [{ path: at('network'), message: 'a bridge, where there are several hosts: their own networks are apart' }]
      : []),
    ...spanProblems(spec, network?.range).map((message) => ({ path: at('network', 'addresses'), message })),
  ];
}

function repeatedNames(path: (string | number)[], list: readonly { readonly name: string }[]): Finding[] {
  const names = list.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [{ path: [...path, index, 'name'], message: `each only once: ${name}` }],
  );
}

function spanProblems({ network }: LibvirtSpec, text: string | undefined): string[] {
  const range = text === undefined ? undefined : parseRange(text);
  if (!('bridge' in network) || !range) return [];
  const span = spanOf(network.addresses);
  const around = parseRange(network.gateway);
  if (!span || !around) return [];
  return [
    ...(span.first > range.first && span.last < range.last ? [] : [`addresses inside network.range (${range.text})`]),
    ...(within(range, around) ? [] : [`a gateway whose network holds network.range (${range.text})`]),
    ...(around.address >= span.first && around.address <= span.last ? ['addresses without the gateway’s'] : []),
  ];
}
