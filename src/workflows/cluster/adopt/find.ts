import { plural } from '../../../domain/index.js';
import { RefusedError, UsageError } from '../../../errors/index.js';
import type { FoundCluster, MachineProvider } from '../../../provider/port.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import { progress, type WorkflowContext } from '../../context.js';
import { throwProblems } from '../preflight.js';

/**
 * The cluster as labels or claims at the provider tell of it.
 * @param record what this workspace has of it, where that can be read
 * @param id which of several clusters of the name
 * @throws RefusedError codes OTHER_CLUSTER, SEVERAL_CLUSTERS; UsageError code UNKNOWN_CLUSTER
 */
export async function findCluster(
  context: Pick<WorkflowContext, 'reporter' | 'clock' | 'signal'>,
  provider: MachineProvider,
  name: string,
  record: ClusterRecord | undefined,
  id: string | undefined,
): Promise<FoundCluster> {
  progress(context, `looking for ${name} at ${provider.title}`);
  const options = { signal: context.signal };
  const found = await provider.clusters(options);
  const namesakes = found.filter((cluster) => cluster.name === name && runs(cluster));
  if (record) {
    const known = namesakes.find((cluster) => cluster.id === record.id);
    if (known) return known;
    if (namesakes.length > 0) throw otherCluster(provider, record, namesakes);
  } else {
    // A host that is silent may be one of this very cluster.
    throwProblems(await provider.unreachable(options));
  }
  const meant = namesakes.filter((cluster) => id === undefined || cluster.id === id);
  if (meant.length > 1) {
    throw new RefusedError(`There are ${meant.length} clusters called ${name} at ${provider.title}.`, {
      code: 'SEVERAL_CLUSTERS',
      hint: `Say which one: ${meant.map((cluster) => `--id ${cluster.id}`).join(' or ')}`,
      details: meant.map(foundText),
    });
  }
  const [one] = meant;
  if (one) return one;
  const others = found.filter(runs);
  throw new UsageError(
    `${provider.title} has no machine of a cluster called ${name}${id === undefined ? '' : ` with the id ${id}`}.`,
    {
      code: 'UNKNOWN_CLUSTER',
      hint:
        others.length > 0
          ? `There ${others.length === 1 ? 'is' : 'are'}: ${others.map(foundText).join(', ')}.`
          : `Check the provider and its token, or make the cluster: slipway cluster create ${name}`,
    },
  );
}

const otherCluster = (provider: MachineProvider, record: ClusterRecord, found: readonly FoundCluster[]): RefusedError =>
  new RefusedError(`The ${record.name} at ${provider.title} is not the cluster that this workspace knows.`, {
    code: 'OTHER_CLUSTER',
    hint: `If the workspace's is gone for good, forget it: slipway cluster delete ${record.name}. Then run the same command again.`,
    details: [
      `in this workspace: ${record.id}`,
      ...found.map((cluster) => `at ${provider.title}: ${foundText(cluster)}`),
    ],
  });

/** Not only what was left of it: the label of what it is made of is on nothing that is laid for machines. */
const runs = ({ machines, distribution }: FoundCluster): boolean => machines > 0 || distribution !== undefined;

const foundText = ({ name, id, machines }: FoundCluster): string => `${name} (${id}, ${plural(machines, 'machine')})`;
