import { z } from 'zod';

import { ipv4Address, labelMap } from './fields.js';

/** Findings on a host that can be gone on with, knowingly. Each is a code of what the look at a host can say. */
export const acceptable = [
  'cgroup-v1',
  'disk-slow',
  'disk-small',
  'firewall',
  'iptables',
  'memory',
  'os',
  'ports',
  'swap',
  'time',
] as const;

/** A host key as OpenSSH writes it, or its fingerprint. */
export const hostKey = z
  .string()
  .regex(
    /^((ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( .*)?|SHA256:[A-Za-z0-9+/]{43})$/,
    'an OpenSSH public key (ssh-ed25519 AAAA…) or its fingerprint (SHA256:…), as `slipway host scan` shows it',
  );

const endpoint = {
  address: z.string().min(1).max(253).describe('Address or name by which this computer reaches it.'),
  port: z.int().min(1).max(65535).default(22).describe('Port of its SSH server.'),
  user: z
    .string()
    .min(1)
    .max(32)
    .default('root')
    .describe('Who to log in as; anybody but root needs sudo without a password.'),
  hostKey: z
    .union([hostKey, z.array(hostKey).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .describe(
      'Its host key or fingerprint, or several. Nothing is ever trusted on first use: `slipway host scan` shows them.',
    ),
};

/** A host to pass through on the way to another. */
export const jumpSchema = z.strictObject(endpoint);

export const hostSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, 'small letters, digits, dashes and dots')
    .describe('What it is called here; unique in the file.'),
  ...endpoint,
  privateAddress: ipv4Address.optional().describe('Where the other hosts reach it. Default: `address`.'),
  type: z.string().min(1).default('any').describe('A word of your own; a pool with this `type` takes such hosts.'),
  location: z
    .string()
    .min(1)
    .default('any')
    .describe('A word of your own for where it stands, such as a rack or a site.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters, as in ISO 3166-1: DE')
    .optional()
    .describe('Where it stands; `residency` asks for it.'),
  labels: labelMap.default({}).describe('Kubernetes labels of its node.'),
  jump: jumpSchema
    .optional()
    .describe(
      'A host to pass through on the way to it, for SSH only: port 6443 of servers has to be reachable from here.',
    ),
});

/** A machine of the file, with every default filled in. */
export type HostSpec = z.output<typeof hostSchema>;
