import { homedir } from 'node:os';

import { Flags } from '@oclif/core';

import type { Secret } from '../domain/secret.js';
import { clusterKubeconfig } from '../workflows/cluster/kubeconfig.js';
import {
  checkUserKubeconfig,
  mergeIntoUserKubeconfig,
  removeFromUserKubeconfig,
  userKubeconfigPaths,
} from '../workspace/index.js';
import type { Runtime } from '../runtime/context.js';

export const mergeFlag = Flags.boolean({
  description: 'Merge the kubeconfig into your own and make it the current context.',
});

/** Merges the saved kubeconfig into the user's own and returns the path of the file that has it. */
export async function mergeKubeconfig(runtime: Runtime, name: string): Promise<string> {
  const { text } = await clusterKubeconfig(runtime, name);
  const paths = userKubeconfigPaths(process.env, homedir());
  return mergeIntoUserKubeconfig(paths, name, text.reveal(), runtime.clock);
}

/** Before a cluster is created: whether its entries could be merged at the end. */
export async function checkMerge(runtime: Runtime, name: string): Promise<void> {
  const text = await runtime.workspace.cluster(name).kubeconfig();
  await checkUserKubeconfig(userKubeconfigPaths(process.env, homedir()), name, text?.reveal());
}

/** Takes a deleted cluster's entries out of the user's own kubeconfig, where they were merged in. */
export async function dropFromUserKubeconfig(runtime: Runtime, text: Secret): Promise<void> {
  await removeFromUserKubeconfig(userKubeconfigPaths(process.env, homedir()), text.reveal(), runtime.clock);
}
