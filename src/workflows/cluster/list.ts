import { SlipwayError } from '../../errors/index.js';
import type { ClusterFolder, LastLook, LockHolder, Workspace } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

export interface ListedCluster {
  readonly name: string;
  readonly provider: string;
  /** What its servers ran when it was last applied to; `unknown` where that is not on record. */
  readonly kubernetesVersion: string;
  /** What was asked for when it was last applied to; undefined outside the workspace. */
  readonly desiredVersion: string | undefined;
  /** Undefined where its record cannot be read. */
  readonly machines: number | undefined;
  readonly createdAt: string;
  readonly running: LockHolder | undefined;
  /** False for one that only its labels at the provider tell of. */
  readonly inWorkspace: boolean;
  /** What differed from its file when a command last compared them; undefined: none did, on this computer. */
  readonly lastLook: LastLook | undefined;
  /** Why nothing of it can be read here, and what to do. */
  readonly damaged: DamagedCluster | undefined;
}

/** In the words of the error that every other command with this cluster ends with. */
export type DamagedCluster = Pick<ReturnType<SlipwayError['toJSON']>, 'code' | 'message' | 'hint'>;

/** Clusters of the workspace and, when a provider is named, those that carry our labels there. */
export async function listClusters(context: WorkflowContext, providerName?: string): Promise<readonly ListedCluster[]> {
  const known = await clustersIn(context.workspace);
  if (providerName === undefined) return known;
  const provider = await context.provider({ name: providerName });
  const labelled = await provider.clusters({ signal: context.signal });
  const unknown = labelled
    .filter((cluster) => !known.some(({ name }) => name === cluster.name))
    .map(({ name, machines }) => ({ ...nothingKnown, name, provider: providerName, machines }));
  return [...known, ...unknown];
}

/** Clusters of the workspace, those that cannot be read included. */
export async function clustersIn(workspace: Workspace): Promise<readonly ListedCluster[]> {
  // All at once: those of a bucket are far away.
  const listed = await Promise.all((await workspace.clusterNames()).map((name) => listedIn(workspace.cluster(name))));
  return listed.filter((cluster) => cluster !== undefined);
}

const nothingKnown = {
  provider: 'unknown',
  kubernetesVersion: 'unknown',
  desiredVersion: undefined,
  machines: undefined,
  createdAt: 'unknown',
  running: undefined,
  inWorkspace: false,
  lastLook: undefined,
  damaged: undefined,
} as const;

/** One that cannot be read is listed all the same: the others are no worse for it. */
async function listedIn(folder: ClusterFolder): Promise<ListedCluster | undefined> {
  const { name } = folder;
  try {
    const summary = await folder.summary();
    if (!summary) return undefined;
    const [running, lastLook] = await Promise.all([folder.holder(), folder.lastLook()]);
    return { ...nothingKnown, name, ...summary, running, inWorkspace: true, lastLook };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { code, message, hint } = error.toJSON();
    return { ...nothingKnown, name, inWorkspace: true, damaged: { code, message, ...(hint ? { hint } : {}) } };
  }
}
