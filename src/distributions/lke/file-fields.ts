import { z } from 'zod';

import type { SpecProblem } from '../../domain/spec/rules.js';
import type { ClusterSpec, FileFields } from '../../domain/spec/schema.js';

/** What a file gets that names no release. */
const defaultVersion = '1.36';
/** The oldest minor that Slipway is tried with. */
const oldestMinor = 34;
/** Nodes of one pool, as LKE takes them. */
const nodesAtMost = 100;

/** What a cluster file says of Kubernetes in LKE's own words. */
export const fileFields = {
  version: z
    .string()
    .regex(/^1\.(0|[1-9]\d{0,2})$/, {
      error: `a minor release such as ${defaultVersion}; LKE brings the patches by itself`,
      abort: true,
    })
    .refine(
      (version) => Number(version.split('.')[1]) >= oldestMinor,
      `1.${oldestMinor} or newer; older releases are out of support`,
    )
    .default(defaultVersion),
  disable: z
    .array(z.string().refine(() => false, 'nothing: LKE leaves no part out'))
    .default([])
    .describe('LKE leaves no part out.'),
} satisfies FileFields;

interface Rule {
  readonly path: readonly (string | number)[];
  /** Whether the file keeps it. */
  readonly holds: boolean;
  readonly message: string;
}

const defaultNetwork = {
  range: '10.0.0.0/16',
  pods: '10.42.0.0/16',
  services: '10.43.0.0/16',
  encryption: 'wireguard',
};

/** What a cluster of LKE cannot be, each with the reason. */
export function fileProblems(spec: ClusterSpec): SpecProblem[] {
  const { kubernetes, controlPlane, network, pools, provider } = spec;
  const isDefault = Object.entries(defaultNetwork).every(
    ([key, value]) => network[key as keyof typeof defaultNetwork] === value,
  );
  const inside = 'LKE lays the network and the machines itself; leave it out';
  const rules: readonly Rule[] = [
    { path: ['kubernetes', 'bundle'], holds: kubernetes.bundle === undefined, message: 'nothing: LKE installs itself' },
    { path: ['kubernetes', 'api', 'address'], holds: kubernetes.api.address === undefined, message: inside },
    {
      path: ['controlPlane', 'count'],
      holds: controlPlane.count !== 5,
      message: '1, or 3 for LKE’s control plane with high availability',
    },
    {
      path: ['controlPlane', 'type'],
      holds: controlPlane.type === undefined,
      message: 'nothing: the control plane is no machine of yours; leave it out',
    },
    { path: ['network'], holds: isDefault, message: inside },
    { path: ['image'], holds: spec.image === undefined, message: inside },
    {
      path: ['components'],
      holds: spec.components === undefined || spec.components.preset === 'none',
      message: 'nothing: charts are installed by a controller that LKE lacks; use helm, and leave it out',
    },
    {
      path: ['backup'],
      holds: spec.backup === undefined,
      message: 'nothing: LKE gives nobody its etcd; leave it out, and back up what runs in the cluster',
    },
    {
      path: ['provider', 'locations'],
      holds: (provider.locations ?? []).length <= 1,
      message: 'one region: an LKE cluster is in one',
    },
    {
      path: ['pools'],
      holds: pools.length > 0,
      message: 'at least one pool: LKE’s control plane carries no workloads',
    },
    ...pools.flatMap(({ count, standby, autoscale, locations }, index): Rule[] => [
      {
        path: ['pools', index, autoscale ? 'autoscale' : 'count'],
        holds: count >= 1 && (autoscale?.max ?? count) <= nodesAtMost,
        message: `1 to ${nodesAtMost} nodes, as LKE takes them`,
      },
      {
        path: ['pools', index, 'standby'],
        holds: standby === 0,
        message: 'none: LKE has no machines that stand by; leave it out',
      },
      {
        path: ['pools', index, 'autoscale', 'maxMonthlyPrice'],
        holds: autoscale?.maxMonthlyPrice === undefined,
        message: 'nothing: LKE’s autoscaler knows no price; leave it out',
      },
      {
        path: ['pools', index, 'locations'],
        holds: (locations ?? []).every((one) => (provider.locations ?? [one]).includes(one)),
        message: 'the cluster’s region: an LKE cluster is in one',
      },
    ]),
  ];
  return rules.flatMap(({ path, holds, message }) => (holds ? [] : [{ path, message }]));
}
