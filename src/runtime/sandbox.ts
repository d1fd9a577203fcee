import { homedir } from 'node:os';
import { delimiter } from 'node:path';

import { systemClock, systemRandom } from '../domain/index.js';
import { findSandbox } from '../../providers/sandbox/index.js';
import { openBoundary } from '../domain/boundary.js';
import { UsageError } from '../errors/index.js';
import { openWorkspace } from '../workspace/index.js';
import type { ListedCluster } from '../workflows/cluster/list.js';
import type { Workspace } from '../workspace/types.js';

export {
  findSandbox,
  resetSandbox,
  sandboxStatus,
  startSandbox,
  stopSandbox,
  type SandboxStatus,
  timeScaleFrom,
} from '../../providers/sandbox/index.js';

/** Where the sandbox of this workspace keeps its state. */
export function sandboxFolder(env: NodeJS.ProcessEnv): string {
  const workspace = openWorkspace({
    env: { HOME: homedir(), ...env },
    clock: systemClock,
    random: systemRandom,
    boundary: openBoundary,
    generateKeyPair: () => {
      throw new Error('no key is made here');
    },
  });
  return workspace.stateFolder('sandbox');
}

/** Whether a cluster is in the sandbox, by whichever of its APIs. */
export const isInSandbox = ({ provider }: Pick<ListedCluster, 'provider'>): boolean =>
  provider === 'sandbox' || provider === 'sandbox-linode';

export interface SandboxEnvironment {
  readonly HCLOUD_ENDPOINT: string;
  /** Where hcloud looks for storage boxes, with the same token. */
  readonly HETZNER_ENDPOINT: string;
  readonly HCLOUD_TOKEN: string;
  /** With a cluster of `sandbox-linode`: where the provider `linode` and clients that know these variables look. */
  readonly LINODE_URL?: string;
  readonly LINODE_TOKEN?: string;
  /** Of all clusters of the workspace that are in the sandbox; undefined: there is none. */
  readonly KUBECONFIG?: string;
}

/**
 * What points clients of its clouds, and kubectl, at the sandbox.
 * @param clusters those of the workspace
 * @throws UsageError code SANDBOX_NOT_RUNNING
 */
export async function sandboxEnvironment(
  folder: string,
  workspace: Workspace,
  clusters: readonly Pick<ListedCluster, 'name' | 'provider'>[],
): Promise<SandboxEnvironment> {
  const handle = await findSandbox(folder);
  if (!handle)
    throw new UsageError('The sandbox is not running, so there is nothing to point at.', {
      code: 'SANDBOX_NOT_RUNNING',
      hint: 'Start it: slipway sandbox start',
    });
  const kubeconfigs: string[] = [];
  for (const { name } of clusters.filter(isInSandbox)) {
    const cluster = workspace.cluster(name);
    const path = (await cluster.kubeconfig()) && cluster.kubeconfigPath;
    if (path !== undefined) kubeconfigs.push(path);
  }
  return {
    HCLOUD_ENDPOINT: handle.endpoint,
    HETZNER_ENDPOINT: handle.endpoint,
    HCLOUD_TOKEN: handle.info.cloudToken,
    // Two tokens would leave open which provider a new cluster is for, so this one is only given where it is used.
    ...(clusters.some(({ provider }) => provider === 'sandbox-linode')
      ? { LINODE_URL: handle.linodeEndpoint, LINODE_TOKEN: handle.info.cloudToken }
      : {}),
    ...(kubeconfigs.length > 0 ? { KUBECONFIG: kubeconfigs.join(delimiter) } : {}),
  };
}

/** Lines for a shell. */
export const renderEnvironment = (environment: SandboxEnvironment): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}='${String(value).replaceAll("'", "'\\''")}'`)
    .join('\n');
