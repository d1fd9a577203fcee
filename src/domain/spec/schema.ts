import { z } from 'zod';

import { backupDefaults } from '../backup.js';
import { componentsSchema } from './components.js';
import { acceptable, hostSchema } from './hosts.js';
import { maintainSchema } from './maintain.js';
import { libvirtSchema } from './libvirt.js';
import { notifySchema } from './notify.js';
import { tenantsSchema } from './tenants.js';
import { cidr, ipv4Address, ipv4Cidr, labelMap, poolName, resourceName, taint } from './fields.js';

/** A machine type, or several in order of preference for when one is sold out. Always a list after reading. */
const types = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .describe('A machine type of the provider, or an ordered list of fallbacks for when one is sold out.');

const allowList = z
  .array(z.union([cidr, z.literal('self')]))
  .min(1)
  .max(100)
  .describe('Address ranges in CIDR form, or `self` for the address this command runs from.');

export const providerSchema = z.strictObject({
  name: z.string().min(1).describe('Which provider the machines come from.'),
  locations: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Where machines may be made. Control planes and pools are spread over all of them.'),
  residency: z
    .array(z.string().regex(/^[A-Z]{2}$/, 'two capital letters, as in ISO 3166-1: DE'))
    .min(1)
    .optional()
    .describe('Countries (ISO 3166-1 alpha-2) that data may live in; anything outside is refused.'),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe(
      'With `hosts` or `libvirt`: the private key to log in to them with, as a path; a locked one, or one named by its public half, is taken from the SSH agent. Default: $SLIPWAY_SSH_KEY, then ~/.ssh/id_ed25519.',
    ),
  hosts: z
    .array(hostSchema)
    .min(1)
    .optional()
    .describe(
      'Machines that exist already, for the provider `ssh`. Those that are not needed stand by as replacements.',
    ),
  libvirt: libvirtSchema.optional(),
});

const autoscale = z
  .strictObject({
    min: z.int().min(0).max(500).describe('So many machines it always has.'),
    max: z.int().min(1).max(500).describe('So many at most.'),
    maxMonthlyPrice: z
      .number()
      .positive()
      .optional()
      .describe(
        'It does not grow where its machines would cost more a month: net, in the provider’s currency, with their addresses.',
      ),
  })
  .describe(
    'Instead of `count`: `slipway cluster heal --watch` makes machines while pods find no place, and removes those that stay empty.',
  );

export const poolSchema = z.strictObject({
  name: poolName.describe('Part of the names of its machines.'),
  type: types.optional().describe('Machine type, or ordered fallbacks. Default: the provider’s own.'),
  count: z.int().min(0).max(500).default(1).describe('How many machines.'),
  standby: z
    .int()
    .min(0)
    .max(50)
    .default(0)
    .describe('How many more are kept booted and prepared, to take the place of one that is lost or to be promoted.'),
  autoscale: autoscale.optional(),
  locations: z.array(z.string().min(1)).min(1).optional().describe('Default: the provider’s locations.'),
  labels: labelMap.default({}).describe('Kubernetes labels of its nodes.'),
  taints: z.array(taint).default([]).describe('Kubernetes taints of its nodes.'),
});

/** Of a pool that scales by itself, the count is the least that it has: what may be relied on. */
const withCount = (pool: z.output<typeof poolSchema>): z.output<typeof poolSchema> =>
  pool.autoscale === undefined ? pool : { ...pool, count: pool.autoscale.min };

/** What a cluster can be made of. */
export const distributionNames = ['k3s', 'lke'] as const;
export type DistributionName = (typeof distributionNames)[number];
/** Whose control plane is nobody's machines. */
export const withoutServers: ReadonlySet<string> = new Set<DistributionName>(['lke']);
/** What a cluster is taken to be made of where nothing says it. */
export const defaultDistribution: DistributionName = 'k3s';

/** Fields of a file that each distribution has a form of its own for, and a default. */
export interface FileFields {
  /** The release that is asked for. */
  readonly version: z.ZodDefault<z.ZodString>;
  /** Parts of the distribution to leave out. */
  readonly disable: z.ZodDefault<z.ZodArray<z.ZodType<string, string>>>;
}

/** The fields of whichever distribution, for what was written down when its own had judged it. */
export const anyFields: FileFields = {
  version: z.string().default('unknown'),
  disable: z.array(z.string()).default([]),
};

const kubernetesFor = ({ version, disable }: FileFields) =>
  z
    .strictObject({
      distribution: z
        .enum(distributionNames)
        .default(defaultDistribution)
        .describe('What the cluster is made of: k3s on machines, or LKE, which Linode runs.'),
      version: version.describe('The exact release; where the provider runs Kubernetes its minor, in quotes: "1.36".'),
      bundle: z
        .string()
        .min(1)
        .optional()
        .describe('A folder made by `slipway bundle create`, to push to the machines instead of having them download.'),
      disable,
      api: z
        .strictObject({
          allow: allowList.default(['self']).describe('Who may reach the Kubernetes API.'),
          address: ipv4Address
            .optional()
            .describe(
              'A free address beside the servers’ own that one of them always holds, where no load balancer can be had.',
            ),
          vipProvider: z
            .enum(['keepalived', 'kube-vip'])
            .default('keepalived')
            .describe(
              'What moves that address to a living server: keepalived on the hosts, or kube-vip as a static pod.',
            ),
        })
        .prefault({})
        .describe('How the Kubernetes API is reached.'),
    })
    .prefault({})
    .describe('Which Kubernetes.');

const kept = (count: number, what: string) => z.int().min(0).max(1000).default(count).describe(what);

const backupSchema = z
  .strictObject({
    to: z
      .string()
      .regex(/^s3:\/\/[^/?]+/, 's3://bucket/prefix')
      .optional()
      .describe('Where backups go, as `s3://bucket/prefix?region=…&endpoint=…`. Default: the workspace.'),
    every: z
      .string()
      .regex(/^[1-9]\d{0,3}[mh]$/, 'a whole number and a unit: 15m, 6h')
      .default('15m')
      .describe('How old the last one may be: `slipway backup create --due` takes another one then.'),
    keep: z
      .strictObject({
        hours: kept(backupDefaults.keep.hours, 'All of the last hours.'),
        days: kept(backupDefaults.keep.days, 'Then the last of each day.'),
        weeks: kept(backupDefaults.keep.weeks, 'Then the last of each week.'),
      })
      .prefault({})
      .describe('Which backups stay; the newest always does.'),
    volumes: z
      .strictObject({
        to: z
          .string()
          .regex(/^s3:\/\/[^/?]+/, 's3://bucket/prefix')
          .describe(
            'Where copies of volumes go, as `s3://bucket/prefix?region=…&endpoint=…`, with a key of their own.',
          ),
        claims: z
          .array(
            z.strictObject({
              namespace: resourceName.describe('The namespace of the claims.'),
              name: z
                .string()
                .regex(/^[a-z0-9*][a-z0-9.*-]*$/, 'the name of a claim, in which * stands for anything: data-db-*')
                .optional()
                .describe('Name of the claim; `*` stands for anything. Default: all.'),
              labels: labelMap.optional().describe('Labels that the claim must have.'),
            }),
          )
          .min(1)
          .describe('Which claims of volumes belong to a backup.'),
        image: z
          .string()
          .min(1)
          .default('docker.io/restic/restic:0.18.1')
          .describe('Image with restic 0.17 or newer and a shell.'),
      })
      .optional()
      .describe('Volumes whose files belong to a backup: copied by a pod beside them, encrypted, to a bucket.'),
    streams: z
      .array(
        z.string().regex(/^[A-Za-z0-9_*-]+$/, 'the name of a stream, in which * stands for anything: ORDERS, EVENTS_*'),
      )
      .default([])
      .describe(
        'Streams of the component `nats` that belong to a backup, by name; `*` stands for anything. Those in memory cannot be copied.',
      ),
  })
  .describe('Backups of the cluster’s data, sealed, with all that a restore needs.');

/** @param fields the distribution's */
export const clusterSchemaFor = (fields: FileFields) =>
  z.strictObject({
    apiVersion: z.literal('slipway.dev/v1').default('slipway.dev/v1').describe('Version of this format.'),
    kind: z.literal('Cluster').default('Cluster').describe('What the file describes.'),
    name: resourceName.describe('The cluster’s name: part of every name at the provider.'),
    provider: providerSchema.describe('Where the machines come from.'),
    kubernetes: kubernetesFor(fields),
    controlPlane: z
      .strictObject({
        count: z
          .union([z.literal(1), z.literal(3), z.literal(5)], {
            error: '1, 3 or 5, since an even number survives no more failures than one less',
          })
          .default(1)
          .describe('How many servers run etcd and the Kubernetes API.'),
        type: types.optional().describe('Machine type, or ordered fallbacks. Default: the provider’s own.'),
        locations: z.array(z.string().min(1)).min(1).optional().describe('Default: the provider’s locations.'),
      })
      .prefault({})
      .describe('The servers that run etcd and the Kubernetes API. Without pools they carry workloads too.'),
    pools: z.array(poolSchema.transform(withCount)).default([]).describe('Groups of worker machines of one shape.'),
    network: z
      .strictObject({
        range: ipv4Cidr.default('10.0.0.0/16').describe('Private network of the machines.'),
        pods: ipv4Cidr.default('10.42.0.0/16').describe('Addresses of pods.'),
        services: ipv4Cidr.default('10.43.0.0/16').describe('Addresses of services.'),
        encryption: z
          .enum(['wireguard', 'none'])
          .default('wireguard')
          .describe('Whether traffic between nodes is encrypted; a provider’s private network does not do it.'),
      })
      .prefault({})
      .describe('Address ranges; they must not overlap.'),
    ssh: z
      .strictObject({ allow: allowList.default(['self']).describe('Who may reach SSH.') })
      .prefault({})
      .describe('Access to the machines.'),
    preflight: z
      .strictObject({
        accept: z
          .array(z.enum(acceptable))
          .default([])
          .describe('Findings on hosts to go on with, knowing what they mean.'),
      })
      .prefault({})
      .describe('What is looked at on hosts before anything is changed.'),
    components: componentsSchema.optional(),
    tenants: tenantsSchema.optional(),
    tenantsFrom: z
      .string()
      .min(1)
      .optional()
      .describe('A folder with a file for each tenant (`kind: Tenant`), as a path; read beside `tenants`.'),
    backup: backupSchema.optional(),
    notify: notifySchema.optional(),
    maintain: maintainSchema.optional(),
    image: z.string().min(1).optional().describe('System image. Default: the current Ubuntu LTS, ubuntu-26.04.'),
  });

/** A cluster file as a person writes it. */
export type ClusterFile = z.input<ReturnType<typeof clusterSchemaFor>>;
/** A cluster file after validation, with every default filled in. */
export type ClusterSpec = z.output<ReturnType<typeof clusterSchemaFor>>;
export type PoolSpec = ClusterSpec['pools'][number];
