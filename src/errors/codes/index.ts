import { backupCodes } from './backups.js';
import { clusterCodes } from './cluster.js';
import { commandLineCodes } from './command-line.js';
import { componentCodes } from './components.js';
import { hostTaskCodes } from './host-tasks.js';
import { kubernetesCodes } from './kubernetes.js';
import { machineCodes } from './machines.js';
import { providerCodes } from './provider.js';
import type { ProviderCodes } from './provider-codes.js';
import { sharedWorkspaceCodes } from './shared-workspace.js';
import { tenantCodes } from './tenants.js';
import { workspaceCodes } from './workspace.js';

export type { ErrorEntry } from './entry.js';

/** Every code that does not belong to one provider, in the groups of docs/reference/errors.md. Only types of it reach the program. */
export const errorGroups = {
  'Command line, cluster file, questions': commandLineCodes,
  'The cluster': clusterCodes,
  'The provider': providerCodes,
  'Machines and SSH': machineCodes,
  'The Kubernetes API and kubeconfigs': kubernetesCodes,
  'Components and their Secrets': componentCodes,
  Tenants: tenantCodes,
  'Workspace, bundles': workspaceCodes,
  'A workspace in a bucket': sharedWorkspaceCodes,
  'Backups and restores': backupCodes,
} as const;

/** What scripts on machines end with. */
export { hostTaskCodes };

type Groups = typeof errorGroups;
export type ErrorCode = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups] | keyof ProviderCodes;
