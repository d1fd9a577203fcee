import type { FixedField } from '../../distributions/port.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

/** Fields that cannot change in the life of any cluster. */
const alwaysFixed: readonly FixedField[] = [
  { path: 'provider.name', read: (spec) => spec.provider.name },
  { path: 'kubernetes.distribution', read: (spec) => spec.kubernetes.distribution },
  { path: 'network.range', read: (spec) => spec.network.range },
];

/**
 * Guards against the file of another cluster under the same name.
 * @param fileExists whether the file that the record came from is still there
 * @throws RefusedError code OTHER_CLUSTER
 */
export async function refuseOtherCluster(
  { distribution }: Pick<WorkflowContext, 'distribution'>,
  record: ClusterRecord,
  spec: ClusterSpec,
  file: string | undefined,
  fileExists: boolean,
): Promise<void> {
  const { fixedFields } = await distribution(record.spec.kubernetes.distribution);
  const differing = [...alwaysFixed, ...fixedFields]
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
