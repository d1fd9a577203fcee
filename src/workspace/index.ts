export { mergeKubeconfig, removeFromKubeconfig } from './kubeconfig-merge.js';
export { openWorkspace, type WorkspaceOptions } from './open.js';
export { publicKeyOf } from './openssh-key.js';
export { userKubeconfigPaths, workspacePath, type Environment, type KubeconfigPaths } from './paths.js';
export type { ProcessInfo, ProcessTable } from './processes.js';
export type * from './types.js';
export { checkUserKubeconfig, mergeIntoUserKubeconfig, removeFromUserKubeconfig } from './user-kubeconfig.js';
