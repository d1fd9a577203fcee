import { entries } from './entry.js';

/** The cluster as a whole: what a run refuses, and how it ends. */
export const clusterCodes = entries({
  API_ADDRESS_FIXED: [
    3,
    'The file changes the API’s address, by which the nodes find the cluster.',
    'Leave `kubernetes.api.address` as it was; another address means another cluster.',
  ],
  API_ADDRESS_INSIDE: [
    3,
    'The address reserved for the API lies in a network that exists only inside the cluster.',
    'Reserve one of the network that the hosts’ own addresses are of.',
  ],
  API_ADDRESS_NOT_NEEDED: [
    3,
    'An address is reserved for the API where the provider has load balancers.',
    'Leave out `kubernetes.api.address`.',
  ],
  API_ADDRESS_TAKEN: [3, 'The address reserved for the API is a machine’s own.', 'Reserve an address that nobody has.'],
  AUTOSCALE_UNSUPPORTED: [
    2,
    'A pool has `autoscale` where no machines can be made: its hosts are there already.',
    'Write `count` instead; hosts that are not needed cost nothing more.',
  ],
  BUDGET_NEVER_ALLOWS: [
    3,
    'A PodDisruptionBudget never lets a pod of the node go.',
    'Loosen it, or run more pods than it keeps.',
  ],
  AUTHORIZE_FAILED: [
    4,
    'A pod that was to let the workspace’s SSH key into a machine did not do its work.',
    'Fix what the message names, such as an image that cannot be pulled, then run the same command again.',
  ],
  CAME_BACK: [
    4,
    'A machine that was dead when the run was planned answers again.',
    'Run the same command again: it is drained before it is removed.',
  ],
  CHANGED_MEANWHILE: [
    3,
    'The cluster changed between the question and its answer, so that something would be removed that was not shown.',
    'Run the command without `--yes`, which shows what it would do now.',
  ],
  CONTROL_PLANE_LOST: [
    3,
    'No server is left with the cluster’s data; new ones would be another, empty cluster.',
    'Bring a server back, restore a backup with `slipway cluster restore`, or delete the cluster and create it again.',
  ],
  DISTRIBUTION_LACKS: [
    2,
    'The command is one that the cluster’s distribution cannot serve, such as logging in to machines that Linode runs.',
    'Do what the message says instead.',
  ],
  DISTRIBUTION_UNSUPPORTED: [
    2,
    'The file asks for a Kubernetes that its provider does not run.',
    'Leave `kubernetes.distribution` out, or choose a provider that runs it.',
  ],
  DRAIN_TIMEOUT: [
    4,
    'Pods did not leave a node in time.',
    'Make room for them elsewhere or loosen their PodDisruptionBudgets, then run the same command again.',
  ],
  ETCD_VERSION: [
    3,
    'etcd is at a version that the next release of Kubernetes does not read.',
    'Bring every server to the newest patch of the minor that runs first.',
  ],
  FILE_NEEDED: [2, 'Nothing but the cluster file tells what a cluster was asked for.', 'Give it with `-f`.'],
  GATE_FAILS: [
    3,
    'What an upgrade was to be measured by (`--gate-url`, `--gate-query`) fails before anything is changed.',
    'Fix that first, or name another address or query.',
  ],
  KEY_ROTATION_REFUSED: [
    3,
    'A machine cannot be logged in to, so the SSH key of the cluster is not replaced on any.',
    'Bring back or remove what the message names; `slipway cluster adopt` lets the workspace’s key in.',
  ],
  HEAL_REFUSED: [
    [3, 4],
    'Machines are down, and it is not safe to do anything about them from here; each is listed with why.',
    'Do what the message says, then run the same command again.',
  ],
  DRILL_REFUSED: [
    3,
    'What a drill would delete is more than a machine or a volume: data for good, etcd’s quorum, or all that its pods could move to.',
    'Name another node with --node, or another claim with --claim; fix first what is not well.',
  ],
  DRILL_INCOMPLETE: [
    4,
    'A machine or a volume was deleted in a drill, and not all that was lost with it came back while it was watched.',
    'Have it healed: `slipway cluster heal`; data of a volume: `slipway backup restore-volumes`.',
  ],
  MINOR_SKIPPED: [
    3,
    'The file asks for a release that is more than one minor away, where the provider goes one at a time.',
    'Upgrade to the minor that the message names first.',
  ],
  NO_STANDBY: [
    3,
    'No machine stands by for the pool that could be promoted.',
    'Ask for one and let it be made: `slipway pool scale CLUSTER POOL --standby 1`.',
  ],
  POOL_AUTOSCALES: [
    2,
    'The number of machines of a pool with `autoscale` was to be set.',
    'Change its `min` or `max` in the cluster file, then run `slipway cluster apply`.',
  ],
  STANDBY_UNSUPPORTED: [
    2,
    'The provider cannot give a machine the place of another one, which standbys need.',
    'Take `standby` out of the pool. Hosts of one’s own that are not needed stand by without it.',
  ],
  LEARNER_PENDING: [
    4,
    'A server cannot join while another one is on its way into etcd.',
    'Fix that one or remove it from the cluster, then run the same command again.',
  ],
  LEASE_LOST: [
    4,
    'Another run took the cluster over, or somebody removed the Lease by which this one kept others out.',
    'See who works on it with `slipway cluster status`, then run the same command again.',
  ],
  LEFT_BEHIND: [4, 'After deleting, the provider still lists something of the cluster.', 'Run the same command again.'],
  LOCAL_DATA: [
    3,
    'A pod keeps data on the disk of a node that is to be removed.',
    'Move the data to a volume of the provider, or delete the claim.',
  ],
  NODES_DOWN: [
    3,
    'Servers or workers are not up, and an upgrade would take down more.',
    'Bring them back, or have them replaced (`cluster heal`), then run the same command again.',
  ],
  NODE_TIMEOUT: [
    4,
    'A node did not get into the state that was waited for.',
    'Look at what was last seen, fix it, and run the same command again.',
  ],
  NO_ADDRESS: [
    4,
    'A machine has no address by which it can be reached.',
    'Give it one at the provider or delete it there, then run the same command again.',
  ],
  NO_CLUSTER_KEY: [
    2,
    'No machine is logged in to with a key of the cluster’s own.',
    'Hosts of your own have the key that `provider.identity` names: change it there.',
  ],
  NO_KUBECONFIG: [
    [2, 4],
    'The workspace has no kubeconfig of the cluster: its first server was not finished, or the file is lost.',
    'Finish it with `slipway cluster create`, or fetch it with `slipway cluster adopt`.',
  ],
  NO_NODE: [4, 'No node takes ordinary pods.', 'See the nodes with `slipway cluster status`.'],
  NO_WAY_IN: [
    3,
    'Neither the cluster’s API nor any of its servers lets this workspace in.',
    'Give `slipway cluster adopt` a kubeconfig or a private key that the servers accept.',
  ],
  OTHER_CLUSTER: [
    3,
    'The file or flags describe another cluster of the same name.',
    'Give one of them another name, or make the fields agree that the message lists.',
  ],
  OUTSIDE_RESIDENCY: [
    3,
    'Something is or would be in a country that `provider.residency` does not allow.',
    'Choose another location, or add the country.',
  ],
  OWN_ADDRESS_NOT_ALLOWED: [
    3,
    'This computer could not reach the machines afterwards.',
    'Add its address or `self` to `ssh.allow` and `kubernetes.api.allow`.',
  ],
  PREFLIGHT: [
    [2, 3],
    'Several problems were found before the first change; each is listed with what to do.',
    'Fix them, then run the same command again.',
  ],
  RECYCLE_BLOCKED: [
    3,
    'Nodes cannot be replaced without missing more of them than allowed, or etcd its quorum.',
    'Allow a fresh machine first (`--max-surge`) or a node to be missed (`--max-unavailable`); hosts of your own need a spare one.',
  ],
  RECYCLE_UNFINISHED: [
    3,
    'Nodes were being replaced when the run stopped, and another command asks to replace others.',
    'Run the command that the message names, or add `--restart`.',
  ],
  RELEASE_UNKNOWN: [
    2,
    'No release is known of a channel, or of a minor of Kubernetes on the way.',
    'Name an exact release with `--to`, one minor at a time.',
  ],
  REMOVED_APIS: [
    3,
    'Clients ask for APIs that the new release of Kubernetes does not serve any more.',
    'Bring those clients to a newer version of the API, or pass `--accept-removed-apis`.',
  ],
  ROLLOUT_STOPPED: [
    4,
    'Machines went down while others were removed or changed one after another, so nothing more was begun.',
    'Bring them back, then run the same command again.',
  ],
  SEVERAL_CLUSTERS: [
    3,
    'The provider has several clusters of that name.',
    'Say which one is meant, as the message shows.',
  ],
  STEPS_FAILED: [
    [3, 4],
    'Several steps failed for different reasons; each is listed.',
    'Fix what the lines name, then run the same command again.',
  ],
  UNDRAINABLE: [
    3,
    'More workers would be in quarantine than may be, or one is older than the servers would work with.',
    'Let their pods go (`kubectl drain`), or allow more (`--max-quarantined`).',
  ],
  SETTINGS_FAILED: [
    4,
    'A node did not come up with other settings of k3s, and not with its former ones either; what comes after it was not begun.',
    'Fix what the message names, then run the same command again: it goes on with this node.',
  ],
  SETTINGS_FIXED: [
    3,
    'The file asks for settings that cannot change in a cluster’s life, and the cluster was made with others.',
    'Give the file the settings that the cluster was made with.',
  ],
  SETTINGS_PUT_BACK: [
    4,
    'A node did not come up with other settings of k3s, and has its former ones again; what comes after it was not begun.',
    'Fix what the message names, or take the setting back in the file, then run the same command again.',
  ],
  SETTINGS_REFUSED: [
    0,
    'Said by a plan: what brings running nodes to the file’s settings is not shown, as it would be refused now.',
    'Do what the message says, then plan again.',
  ],
  UNKNOWN_NAMESAKE: [
    3,
    'The provider has a cluster of that name which this workspace does not know.',
    'Choose another name, or take the cluster on with `slipway cluster adopt`.',
  ],
  NOTIFY_FAILED: [
    4,
    'Somebody whom the cluster file notifies could not be told.',
    'Fix what the message names, then try it with `slipway cluster notify --test`.',
  ],
  NOTIFY_SECRET_MISSING: [
    2,
    'A secret that a channel of `notify` needs is not there.',
    'Set the variable, or write the file, that the message names.',
  ],
  UNKNOWN_CHANNEL: [2, 'The cluster file notifies nobody of that name.', 'Write it under `notify`.'],
  TOKENS_UNFINISHED: [
    3,
    'A rotation of the cluster’s tokens was begun and is not finished.',
    'Finish it with `slipway cluster rotate-token`.',
  ],
  UNMANAGED_PODS: [
    3,
    'Pods without a controller would be lost with their node.',
    'Delete them, or give them a controller such as a Deployment.',
  ],
  UPGRADE_FAILED: [
    4,
    'A node did not come up with another minor of Kubernetes; what comes after it was not begun.',
    'Fix what the message names, then run the same command again: it goes on with this node.',
  ],
  UPGRADE_PUT_BACK: [
    4,
    'A node did not come up with a patch release, and has the one it had again; what comes after it was not begun.',
    'Fix what the message names, then run the same command again.',
  ],
  UPGRADE_REFUSED: [
    0,
    'Said by a plan: what brings the nodes to the file’s release is not shown, as it would be refused now.',
    'Do what the message says, then plan again.',
  ],
  VERSION_OLDER: [
    3,
    'The file asks for an older Kubernetes than the cluster runs.',
    'Set `kubernetes.version` to what runs, or newer.',
  ],
  WAIT_TIMEOUT: [
    4,
    'Something that was waited for did not come in time.',
    'Look at what was last seen, fix it, and run the same command again.',
  ],
  VOLUMES_LEFT: [
    3,
    'All machines would leave a location where volumes of the cluster lie.',
    'Keep a machine there, or move the data to volumes elsewhere.',
  ],
  QUORUM: [3, 'Removing the server would leave etcd without a majority.', 'Bring the other servers back first.'],
});
