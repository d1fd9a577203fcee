import type { LockHolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

export interface ListedCluster {
  readonly name: string;
  readonly provider: string;
  /** What its servers ran when it was last applied to; `unknown` where that is not on record. */
  readonly kubernetesVersion: string;
  /** What was asked for when it was last applied to; undefined outside the workspace. */
  readonly desiredVersion: string | undefined;
  readonly machines: number;
  readonly createdAt: string;
  readonly running: LockHolder | undefined;
  /** False for one that only its labels at the provider tell of. */
  readonly inWorkspace: boolean;
}

/** Clusters of the workspace and, when a provider is named, those that carry our labels there. */
export async function listClusters(context: WorkflowContext, providerName?: string): Promise<readonly ListedCluster[]> {
  const { workspace } = context;
  // All at once: those of a bucket are far away.
  const found = await Promise.all(
    (await workspace.clusterNames()).map(async (name): Promise<ListedCluster[]> => {
      const folder = workspace.cluster(name);
      const [summary, running] = await Promise.all([folder.summary(), folder.holder()]);
      return summary ? [{ name, ...summary, running, inWorkspace: true }] : [];
    }),
  );
  const known = found.flat();
  if (providerName === undefined) return known;
  const provider = await context.provider({ name: providerName });
  const labelled = await provider.clusters({ signal: context.signal });
  const strangers = labelled
    .filter((cluster) => !known.some(({ name }) => name === cluster.name))
    .map((cluster) => ({
      name: cluster.name,
      provider: providerName,
      kubernetesVersion: 'unknown',
      desiredVersion: undefined,
      machines: cluster.machines,
      createdAt: 'unknown',
      running: undefined,
      inWorkspace: false,
    }));
  return [...known, ...strangers];
}
