import { homedir } from 'node:os';

import { Flags } from '@oclif/core';

import type { Secret } from '../domain/secret.js';
import { knownCluster } from '../workflows/known-cluster.js';
import { mergeIntoUserKubeconfig, removeFromUserKubeconfig, userKubeconfigPath } from '../workspace/index.js';
import type { Runtime } from './context.js';

export const mergeFlag = Flags.boolean({
  description: 'Merge the kubeconfig into your own and make it the current context.',
});

/** Merges the saved kubeconfig into the user's own and returns that file's path. */
export async function mergeKubeconfig(runtime: Runtime, name: string): Promise<string> {
  const { folder } = await knownCluster(runtime.workspace, name);
  const text = await folder.kubeconfig();
  const path = userKubeconfigPath(process.env, homedir());
  if (text) await mergeIntoUserKubeconfig(path, text.reveal(), runtime.clock);
  return path;
}

/** Takes a deleted cluster's entries out of the user's own kubeconfig, where they were merged in. */
export async function dropFromUserKubeconfig(runtime: Runtime, text: Secret): Promise<void> {
  await removeFromUserKubeconfig(userKubeconfigPath(process.env, homedir()), text.reveal(), runtime.clock);
}
