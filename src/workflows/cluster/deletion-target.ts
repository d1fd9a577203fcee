import type { Distribution } from '../../distributions/port.js';
import type { ClusterRef } from '../../domain/index.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { FoundCluster, MachineProvider } from '../../provider/port.js';
import type { ProviderSection } from '../../provider/package.js';
import { progress, type WorkflowContext } from '../context.js';
import { distributionOf } from './distribution-of.js';
import { knownCluster } from './known-cluster.js';
import { throwProblems } from './preflight.js';

export interface DeletionTarget {
  readonly name: string;
  /** For a cluster that only its labels tell of: where to look. */
  readonly provider?: string | undefined;
  /** The same from a cluster file, which counts for a known cluster too. */
  readonly section?: ProviderSection | undefined;
}

/**
 * The cluster that is meant: the workspace's, or the one of its name that is found where the file or the flags say.
 * @throws RefusedError codes OTHER_CLUSTER, SEVERAL_CLUSTERS; UsageError code UNKNOWN_CLUSTER; as `throwProblems`
 */
export async function findTarget(
  context: WorkflowContext,
  { name, provider: providerName, section }: DeletionTarget,
): Promise<{ ref: ClusterRef; provider: MachineProvider; distribution: Distribution }> {
  const record = await context.workspace.cluster(name).record();
  const where = section ?? (record || providerName === undefined ? undefined : { name: providerName });
  if (where === undefined) {
    const known = (await knownCluster(context.workspace, name)).record;
    const { provider: own, kubernetes } = known.spec;
    const [provider, distribution] = [await context.provider(own), await context.distribution(kubernetes.distribution)];
    return { ref: known, provider, distribution };
  }
  if (record && record.spec.provider.name !== where.name) {
    throw new RefusedError(`${name} is at ${record.spec.provider.name}, but the file says ${where.name}.`, {
      code: 'OTHER_CLUSTER',
      hint: `This workspace knows the cluster, so no file is needed: slipway cluster delete ${name}`,
    });
  }
  const provider = await context.provider(where);
  progress(context, `looking for ${name} at ${provider.title}`);
  const found = await provider.clusters({ signal: context.signal });
  const namesakes = found.filter((cluster) => cluster.name === name);
  const known = record && (namesakes.find(({ id }) => id === record.id) ?? { name, id: record.id });
  const unknown = namesakes.filter(({ id }) => id !== record?.id);
  const refs: readonly (ClusterRef & Pick<FoundCluster, 'distribution'>)[] = known ? [known, ...unknown] : unknown;
  if (refs.length > 1) throw await severalClusters(context, provider, name, refs, record !== undefined);
  if (!record) {
    // One that is silent may be a machine of this very cluster: it would stay taken, and nobody would know.
    throwProblems(await provider.unreachable({ signal: context.signal }));
  }
  const [ref] = refs;
  if (ref) return { ref, provider, distribution: await distributionOf(context, ref, record?.spec) };
  const others = [...new Set(found.map((cluster) => cluster.name))];
  throw new UsageError(`Neither this workspace nor ${provider.title} knows a cluster called ${name}.`, {
    code: 'UNKNOWN_CLUSTER',
    hint:
      others.length > 0
        ? `There ${others.length === 1 ? 'is' : 'are'}: ${others.join(', ')}.`
        : 'No cluster was found there, so there is nothing to delete.',
  });
}

/** Clusters of one name, each with its machines. @param known whether the first is the workspace's */
async function severalClusters(
  { signal }: WorkflowContext,
  provider: MachineProvider,
  name: string,
  refs: readonly ClusterRef[],
  known: boolean,
): Promise<RefusedError> {
  const lists = await Promise.all(refs.map((ref) => provider.machines.list(ref, { signal })));
  const onHosts = lists.flat().some(({ host }) => host !== undefined);
  const remedies = [
    ...(known ? [`Delete the one that this workspace knows first: slipway cluster delete ${name}`] : []),
    onHosts
      ? 'To delete one that no workspace knows, leave only its hosts in the file, and no more machines than those.'
      : 'Delete each where it was created.',
  ];
  return new RefusedError(`There are ${refs.length} clusters called ${name} at ${provider.title}.`, {
    code: 'SEVERAL_CLUSTERS',
    hint: remedies.join(' '),
    details: refs.map(({ id }, index) => {
      const machines = lists[index]!.map((machine) =>
        machine.host === undefined ? machine.name : `${machine.name} (${machine.host})`,
      );
      const whose = known && index === 0 ? ', which this workspace knows' : '';
      return `${id}${whose}: ${machines.join(', ') || 'no machines'}`;
    }),
  });
}
