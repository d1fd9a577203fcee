import type { Obj } from './objects.js';
import { StatusError } from './status.js';
import type { ObjectStore } from './store.js';

/** Pods run as an account that exists. @throws StatusError 403 */
export function refuseWithoutAccount(store: ObjectStore, { metadata, spec }: Obj, namespace: string): void {
  const name = (spec?.['serviceAccountName'] as string | undefined) ?? 'default';
  if (store.look(store.resource('v1', 'ServiceAccount'), namespace, name)) return;
  throw new StatusError(
    403,
    'Forbidden',
    `pods "${metadata.name || metadata.generateName || ''}" is forbidden: error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    { name: metadata.name, kind: 'pods' },
  );
}
