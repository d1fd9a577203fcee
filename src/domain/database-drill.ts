import { ageText } from './backup.js';
import type { ClaimVolume } from './coverage.js';

/** A claim whose volume is to be deleted on purpose. */
export interface DatabaseDrillView {
  /** `shop/data-db-0` */
  readonly claim: string;
  /** As the cluster tells of it; undefined: it has none of that name. */
  readonly found: ClaimVolume | undefined;
  /** For people: `Hetzner Cloud`. */
  readonly provider: string;
  readonly isAtProvider: boolean;
  /** Pods that use it. */
  readonly users: readonly {
    readonly name: string;
    readonly ready: boolean;
    /** What runs it and can be stopped from here: `StatefulSet db`. */
    readonly workload: string | undefined;
  }[];
  /** The newest copy of its files; undefined: no backup has one. */
  readonly copy: { readonly ageMs: number; readonly partial: boolean } | undefined;
  /** How old backups of this cluster may be, in milliseconds: what is lost with that is accepted. */
  readonly lossMs: number;
  /** Nodes that are not Ready. */
  readonly illNodes: readonly string[];
  /** Whether it is to be restored from here. */
  readonly restores: boolean;
  readonly cluster: string;
}

/** Why losing this volume would cost data for good, or would show nothing: each reason, none where it may go. */
export function databaseDrillProblems(view: DatabaseDrillView): readonly string[] {
  const { found, users, illNodes } = view;
  if (!found) return ['the cluster has no such claim'];
  if (found.volume === undefined) return ['it is bound to no volume'];
  const ill = users.filter(({ ready }) => !ready).map(({ name }) => name);
  const workloads = new Set(users.flatMap(({ workload }) => workload ?? []));
  const others = users.filter(({ workload }) => workload === undefined).map(({ name }) => name);
  return [
    ...(view.isAtProvider
      ? []
      : [
          found.kept === 'disk'
            ? `it is kept on a disk of ${found.node ?? 'a node'}, which no provider could delete without its machine`
            : `${view.provider} has no volume ${found.volume}`,
        ]),
    ...copyProblem(view),
    ...(users.length === 0 ? ['no pod uses it, so that nothing would be missing'] : []),
    ...(ill.length > 0 ? [`${ill.join(', ')} is not Ready already: a drill begins with a database that is well`] : []),
    ...(illNodes.length > 0
      ? [
          `${illNodes.join(', ')} ${illNodes.length === 1 ? 'is' : 'are'} not Ready: a drill begins with a cluster that is well`,
        ]
      : []),
    ...(view.restores && others.length > 0
      ? [
          `no StatefulSet or Deployment runs ${others.join(', ')}, so it cannot be stopped from here while its data are restored`,
        ]
      : []),
    ...(view.restores && workloads.size > 1
      ? [`${[...workloads].join(' and ')} use it, and no more than one can be stopped from here`]
      : []),
  ];
}

function copyProblem({ copy, lossMs, cluster }: DatabaseDrillView): readonly string[] {
  if (!copy)
    return [
      `data would be lost: no backup has a copy of it (name it in backup.volumes, then: slipway backup create ${cluster})`,
    ];
  if (copy.partial)
    return [
      `data would be lost: its newest copy lacks files that went away while it was made (slipway backup create ${cluster})`,
    ];
  if (copy.ageMs <= lossMs) return [];
  return [
    `data would be lost: its newest copy is ${ageText(copy.ageMs)} old, older than the ${ageText(lossMs)} of backup.every (slipway backup create ${cluster})`,
  ];
}
