import type { Lack } from '../port.js';

const kept = 'LKE keeps the machines of its nodes and its control plane itself';

const tenants: Lack = {
  why: 'its tenants’ walls were never tried on the network of LKE',
  instead: 'Use namespaces with ResourceQuotas and NetworkPolicies of your own, or a cluster of k3s.',
};

/** What cannot be done with a cluster that Linode runs, by the command: why, and what to do instead. */
export const lacks: ReadonlyMap<string, Lack> = new Map<string, Lack>([
  [
    'cluster ssh',
    { why: `${kept}: nobody logs in to them`, instead: 'Use: kubectl debug node/NAME -it --image=debian' },
  ],
  [
    'cluster heal',
    {
      why: `${kept}, and makes a machine anew within minutes that is gone`,
      instead: 'Replace a node that is ill: slipway cluster recycle CLUSTER --node NAME',
    },
  ],
  [
    'cluster rotate-certs',
    {
      why: `${kept}, and renews their certificates`,
      instead: 'Nothing is to be done; a recycled node has fresh ones.',
    },
  ],
  [
    'cluster rotate-token',
    {
      why: `${kept}: there is no token that nodes join with`,
      instead: 'A new service token is made in the Cloud Manager, or by: linode-cli lke service-token-delete ID',
    },
  ],
  ['cluster rotate-ssh-key', { why: `${kept}: no SSH key lets anybody in`, instead: 'Nothing is to be done.' }],
  [
    'cluster restore',
    {
      why: 'LKE gives nobody its etcd, and takes none',
      instead: 'Create a cluster from the file, and restore what runs in it by its own backups.',
    },
  ],
  [
    'backup create',
    {
      why: 'LKE gives nobody its etcd',
      instead: 'Back up what runs in the cluster: manifests in Git, databases and volumes by their own means.',
    },
  ],
  ['backup drill', { why: 'LKE gives nobody its etcd', instead: 'Prove the backups of what runs in the cluster.' }],
  [
    'backup restore-volumes',
    { why: 'its volumes are in no backup of Slipway', instead: 'Restore them by the means that copied them.' },
  ],
  [
    'backup restore-streams',
    { why: 'its streams are in no backup of Slipway', instead: 'Restore them by the means that copied them.' },
  ],
  [
    'drill node-loss',
    {
      why: `${kept}: no machine’s power can be cut`,
      instead: 'Delete a node’s Linode in the Cloud Manager, and watch: kubectl get nodes -w',
    },
  ],
  [
    'drill db-loss',
    {
      why: 'the databases that Slipway brings are components, which an LKE cluster has none of',
      instead: 'Delete the pod of the database, and watch: kubectl get pods -w',
    },
  ],
  [
    'maintain',
    {
      why: 'LKE brings the patches, and there is nothing on machines to see to',
      instead:
        'What is left is told by: slipway cluster status CLUSTER. Bring nodes up: slipway cluster recycle CLUSTER --outdated',
    },
  ],
  [
    'component upgrade',
    { why: 'charts are installed by a controller that LKE lacks', instead: 'Install them with helm.' },
  ],
  ['image build', { why: `${kept}: none is made from an image of yours`, instead: 'Nothing is to be done.' }],
  [
    'pool promote',
    { why: 'LKE has no machines that stand by', instead: 'Add a node: slipway pool scale CLUSTER POOL N' },
  ],
  ...['create', 'update', 'suspend', 'resume', 'delete'].map((one) => [`tenant ${one}`, tenants] as const),
]);
