import { entries } from './entry.js';

/** The Kubernetes API, k3s and kubeconfigs. */
export const kubernetesCodes = entries({
  BAD_K3S_VERSION: [
    2,
    'A text that should be a k3s release is none.',
    'Write it as on the release page: `v1.36.5+k3s1`.',
  ],
  BAD_KUBECONFIG: [
    1,
    'The kubeconfig that k3s wrote cannot be used.',
    'Look at `/etc/rancher/k3s/k3s.yaml` on a server.',
  ],
  KUBECONFIG_INVALID: [
    2,
    'A kubeconfig is not valid.',
    'Fix the file or move it away, then run the same command again.',
  ],
  KUBECONFIG_LOCKED: [
    3,
    'Another program is writing your kubeconfig.',
    'Wait for it, or remove the lock file when nothing uses it.',
  ],
  KUBECONFIG_NAME_TAKEN: [
    3,
    'Your kubeconfig has an entry of that name which is not Slipway’s.',
    'Merge under another context name, or rename your entry.',
  ],
  KUBECONFIG_NOT_CLEANED: [
    4,
    'The cluster is deleted, but its entries in your kubeconfig are not.',
    'Fix that file, then run the same command again.',
  ],
  KUBE_CONFLICT: [4, 'Somebody else changed an object at the same time.', 'Run the same command again.'],
  KUBE_ERROR: [[1, 4], 'The Kubernetes API answered with an error.', 'Read its words; run the same command again.'],
  KUBE_FORBIDDEN: [
    4,
    'The Kubernetes API does not allow it.',
    'Use the cluster’s own kubeconfig, which is an administrator’s.',
  ],
  KUBE_INVALID: [2, 'The Kubernetes API finds an object invalid.', 'Correct the values that lead to it.'],
  KUBE_LOGIN_FAILED: [
    2,
    'The credential plugin of the kubeconfig failed.',
    'Check the plugin that the kubeconfig names.',
  ],
  KUBE_NOT_FOUND: [4, 'An object is not there any more.', 'Run the same command again.'],
  KUBE_NO_SUCH_KIND: [2, 'The cluster does not know a kind of object.', 'Install what defines it first.'],
  KUBE_UNAUTHORIZED: [
    4,
    'The Kubernetes API does not accept the credentials.',
    'They may have expired, or be an earlier cluster’s of that name: `slipway cluster adopt` fetches them again.',
  ],
  KUBE_UNREACHABLE: [4, 'The Kubernetes API does not answer.', 'See the machines with `slipway cluster status`.'],
  UNKNOWN_K3S_KEY: [1, 'k3s was to get a setting that it does not have: a fault of Slipway.', 'Please report it.'],
  UNKNOWN_SERVER: [2, 'The address is none of this cluster’s API.', 'Choose one that the message names.'],
  WATCH_CLOSED: [1, 'A watch was used after it was closed: a fault of Slipway.', 'Please report it.'],
});
