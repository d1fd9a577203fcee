import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import { sharedSettings } from '../../distributions/k3s/host/index.js';
import type { ClusterRecord } from '../../workspace/types.js';

/** Fields that cannot change in a cluster's life, with how to read them. */
const fixed: readonly { readonly path: string; readonly read: (spec: ClusterSpec) => string }[] = [
  { path: 'provider.name', read: (spec) => spec.provider.name },
  { path: 'kubernetes.distribution', read: (spec) => spec.kubernetes.distribution },
  { path: 'network.range', read: (spec) => spec.network.range },
  ...sharedSettings.flatMap(({ fixedBy }) =>
    fixedBy === undefined
      ? []
      : [{ path: `network.${fixedBy}`, read: (spec: ClusterSpec): string => spec.network[fixedBy] }],
  ),
];

/**
 * Guards against the file of another cluster under the same name.
 * @param fileExists whether the file that the record came from is still there
 * @throws RefusedError code OTHER_CLUSTER
 */
export function refuseOtherCluster(
  record: ClusterRecord,
  spec: ClusterSpec,
  file: string | undefined,
  fileExists: boolean,
): void {
  const differing = fixed
    .filter(({ read }) => read(record.spec) !== read(spec))
    .map(({ path, read }) => `${path}: the cluster has ${read(record.spec)}, this asks for ${read(spec)}`);
  if (differing.length > 0) {
    throw new RefusedError(`A cluster called ${record.name} exists already, and it is another one.`, {
      code: 'OTHER_CLUSTER',
      hint: 'Give this one another name, or make those fields agree: they cannot change in a cluster’s life.',
      details: differing,
    });
  }
  const moved = record.file !== undefined && file !== record.file;
  if (moved && fileExists && JSON.stringify(record.spec) !== JSON.stringify(spec)) {
    throw new RefusedError(
      `The cluster ${record.name} was made from another file, which still exists and says otherwise.`,
      {
        code: 'OTHER_CLUSTER',
        hint: `Use ${record.file}, or remove it first if this file takes its place.`,
        details: [`made from: ${record.file}`, `this file: ${file ?? 'standard input'}`],
      },
    );
  }
}
