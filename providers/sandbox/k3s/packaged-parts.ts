import type { Machine } from '../hosts/machine.js';
import type { Cluster } from './cluster.js';
import type { K3sConfig } from './config.js';

/** Files that each part of k3s is deployed from; each is an Addon of the file's name. */
const filesOf: Readonly<Record<string, readonly string[]>> = {
  ccm: ['ccm'],
  coredns: ['coredns'],
  'local-storage': ['local-storage'],
  'metrics-server': [
    'aggregated-metrics-reader',
    'auth-delegator',
    'auth-reader',
    'metrics-apiservice',
    'metrics-server-deployment',
    'metrics-server-service',
    'resource-reader',
  ],
  rolebindings: ['rolebindings'],
  runtimes: ['runtimes'],
  traefik: ['traefik'],
};

const folder = '/var/lib/rancher/k3s/server/manifests';

/**
 * What each server does with the parts of k3s when it starts, and only then: it deploys those that it was not told to leave
 * out, from files on its disk. Others it takes away from the cluster where it has such a file, of an earlier start; one that
 * never had it takes nothing away.
 */
export function deployParts(
  { files }: Pick<Machine, 'files'>,
  { kubernetes: { store } }: Pick<Cluster, 'kubernetes'>,
  { disabled, externalCloud }: Pick<K3sConfig, 'disabled' | 'externalCloud'>,
): void {
  const addons = store.resource('k3s.cattle.io/v1', 'Addon');
  const leftOut = new Set([...disabled, ...(externalCloud ? ['ccm'] : [])]);
  for (const [part, names] of Object.entries(filesOf)) {
    for (const name of names) {
      const source = `${folder}/${part === name ? '' : `${part}/`}${name}.yaml`;
      const isThere = store.look(addons, 'kube-system', name) !== undefined;
      if (!leftOut.has(part)) {
        files.mkdirs(source.slice(0, source.lastIndexOf('/')));
        files.write(source, '', { mode: 0o600 });
        if (isThere) continue;
        const metadata = { name, namespace: 'kube-system' };
        store.create(addons, { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', metadata, spec: { source } });
      } else if (files.exists(source)) {
        files.removeTree(source);
        if (isThere) store.delete(addons, 'kube-system', name);
      }
    }
  }
}
