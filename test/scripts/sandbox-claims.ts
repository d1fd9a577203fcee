import { type Claim, sandboxPage } from './claim.js';
import { linodeClaims } from './linode-claims.js';

const kube = 'test/providers/sandbox/kube-api';

const hosts = 'test/providers/sandbox/hosts/bare-hosts.test.ts';
const helm = 'test/providers/sandbox/helm/helm-controller.test.ts';
const lostNode = 'test/providers/sandbox/k3s/lost-node.test.ts';
const arrows = 'test/house/arrows.test.ts';

/** What the pages claim of the sandbox, word by word, and the titles of the tests that prove it. */
export const claims: readonly Claim[] = [
  [
    'README.md',
    'workloads, certificates, DNS and databases are simulated',
    'test/scenarios/sandbox-honesty.test.ts',
    'says in one line of create, status and component status what is simulated',
  ],
  [
    'README.md',
    'sandbox status --env)"` points hcloud, kubectl and helm at it',
    'test/scenarios/sandbox-honesty.test.ts',
    'is what hcloud’s variables and kubectl’s point at after `sandbox status --env`',
  ],
  [
    'README.md',
    'The sandbox speaks Hetzner’s API, SSH and Kubernetes’ API on this computer',
    'test/providers/sandbox/hetzner-api/hcloud-libraries.test.ts',
    'does its whole day’s work against the sandbox',
  ],
  [
    'README.md',
    'The sandbox speaks Hetzner’s API, SSH and Kubernetes’ API on this computer',
    'test/scenarios/create.test.ts',
    'lets plain OpenSSH in with the cluster’s key and pinned host key',
  ],
  [
    'README.md',
    'Machines, nodes and objects behave as in a cloud',
    'test/scenarios/create.test.ts',
    'grows and shrinks by exactly what is asked',
    'comes back by itself after all machines rebooted at once',
  ],
  [
    'README.md',
    'Machines, nodes and objects behave as in a cloud',
    `${kube}/conversations.test.ts`,
    'is answered as recorded, but for what is written down: %s',
  ],
  [
    'README.md',
    '`bin/run.js cluster delete demo` deletes the cluster',
    'test/scenarios/create.test.ts',
    'is deleted only when it is named, and leaves the account empty',
  ],
  [
    'README.md',
    'how slow the sandbox is; 1 is as slow as a real cloud',
    'test/scenarios/sandbox-honesty.test.ts',
    'is as fast after `sandbox start` as SLIPWAY_SANDBOX_TIME_SCALE says, which starts nothing where it is no number',
  ],
  [
    'README.md',
    '`read-only`: go to the sandbox with a token that can only read',
    'test/scenarios/plan-read-only.test.ts',
    '`cluster plan` finds the same changes of a cluster with a token that can only read',
  ],
  [
    sandboxPage,
    'what only it needs is in its `package.json`',
    arrows,
    'a package that imports what its package.json does not name',
  ],
  [
    sandboxPage,
    'Of the product it imports `src/provider/index.ts` alone, and the product imports its `index.ts` alone',
    arrows,
    'a sandbox that imports more of the product than it publishes',
    'a product that reaches past what the sandbox publishes',
  ],
  [
    sandboxPage,
    'stands machines up in a network of their own',
    hosts,
    'shows the host key that its owner knows, and lets in whom its owner let in',
    'runs tasks for a user with sudo, and says what sudo says where it is refused',
  ],
  [
    sandboxPage,
    'The answer has `hosts` and `freeAddress`, which no host has',
    hosts,
    'is answered by the well server with the highest priority, and moves when that one dies or is cut off',
  ],
  [
    sandboxPage,
    '`GET hosts` tells how they are',
    hosts,
    'is as it was found after a cluster has released it',
    'starts anew once',
  ],
  [
    sandboxPage,
    'changes them while a host runs (null takes one away)',
    hosts,
    'tells what it is like, wrongs included',
    'says that its disk is full, and keeps saying so until somebody makes room',
  ],
  [
    sandboxPage,
    'Acts for any machine: `kill`, `start`, `reboot`, `cutOff`, `reconnect`',
    'test/scenarios/own-hosts.test.ts',
    'goes on where it can while one host is silent, and the same command finishes',
    'replaces a host that is gone for good with one that stands by',
  ],
  [
    sandboxPage,
    'tells what is in a file of a machine that is off, with the text at its end',
    'test/rare/adopt-by-hand.test.ts',
    'by hand, as the refusal says: a key put on the disk of one server, whose fingerprint is read there',
  ],
  [
    sandboxPage,
    'gets a job, pods with logs, a release in Secrets, and its chart’s objects, as with k3s',
    helm,
    'installs a chart by a job, and says which',
    'uninstalls exactly what the release made, and keeps its kinds',
  ],
  [
    sandboxPage,
    'in every version of that major up to the next minor',
    'test/providers/sandbox/helm/pins.test.ts',
    'the sandbox has the chart of $name where and in the version that it pins',
    'the sandbox has no chart of $name two minor versions ahead of its pin',
  ],
  [
    sandboxPage,
    '"fail": "download" | "timeout" | "killed" | "image" | TEXT',
    helm,
    'begins anew once the record of the failed release and its job are gone',
    'installs again what is pending when its policy says so',
  ],
  [
    sandboxPage,
    '"fail": "download" | "timeout" | "killed" | "image" | TEXT',
    'test/components/apply/applying.test.ts',
    'is there after it was run again (%s)',
  ],
  [
    sandboxPage,
    '`{"clear": true}` takes all faults away',
    'test/scenarios/components.test.ts',
    'is reported with its log while the rest goes on, and running again finishes',
  ],
  ...[
    'a job carries the revision its release had',
    'the job is Complete although the release failed',
    'makes another job in its place, which finds the failed release',
    'So a Complete job is no proof',
  ].map(
    (claim) =>
      [
        sandboxPage,
        claim,
        helm,
        'never touches a release that failed before, and tells it only in its later attempts',
      ] as const,
  ),
  [
    sandboxPage,
    'Webhooks refuse while their service has no endpoints, and are not asked otherwise',
    `${kube}/unenforced.test.ts`,
    'a webhook refuses what it would have to judge while nobody answers behind its service',
  ],
  [
    sandboxPage,
    'Preferences decide among the nodes that are left',
    `${kube}/scheduling.test.ts`,
    'a wish for a node, against the load',
  ],
  [sandboxPage, 'No registry is asked, so all others can', `${kube}/containers.test.ts`, '%s can be asked for'],
  [
    sandboxPage,
    '`true`, `false`, `sleep`, `echo`, `exit`, and `sh -c` scripts of these',
    `${kube}/containers.test.ts`,
    'crashes again and again when its command fails',
    'is Completed when its command ends well and nobody restarts it',
  ],
  [
    sandboxPage,
    'All others serve; in a job or an init container they end well',
    `${kube}/containers.test.ts`,
    'serves when nothing speaks against it',
    'starts after its init containers and beside its sidecar',
  ],
  [
    sandboxPage,
    'A node is NotReady 40 s after its kubelet has fallen silent',
    `${kube}/node-health.test.ts`,
    'is unknown once its kubelet has been silent for long enough',
  ],
  ...[
    'Its pods are on their way out after five minutes, and stay so',
    'with its numbers; the time scale holds for them, too',
  ].map(
    (claim) =>
      [
        sandboxPage,
        claim,
        lostNode,
        'keeps its pods for five minutes, has them on their way out for ever, and the volume with them',
      ] as const,
  ),
  ...[
    'Pods of a node that is gone are deleted after a minute',
    'The cloud controller looks every 5 s and deletes nodes that are not Ready and whose server is gone',
  ].map(
    (claim) =>
      [
        sandboxPage,
        claim,
        lostNode,
        'is deleted by the cloud controller once it is not Ready, and then the six minutes run in full',
      ] as const,
  ),
  [
    sandboxPage,
    'Roles are stored, and only administrators get in',
    `${kube}/unenforced.test.ts`,
    'a role is stored, and whoever is no administrator gets in nowhere',
  ],
  ...[
    'replays what a real k3s was recorded to answer',
    'What still differs is written down beside it, by exchange; the list may shrink, not grow',
  ].map(
    (claim) =>
      [
        sandboxPage,
        claim,
        `${kube}/conversations.test.ts`,
        'is answered as recorded, but for what is written down: %s',
      ] as const,
  ),
  [
    sandboxPage,
    'The official clients run against it in `npm test`',
    'test/providers/sandbox/hetzner-api/hcloud.test.ts',
    'creates servers with all of these, and waits until they are there',
  ],
  [
    sandboxPage,
    'Of hcloud’s commands it has none for metrics',
    'test/providers/sandbox/hetzner-api/operations.test.ts',
    'that the sandbox does not have is answered like an unknown path',
  ],
  [
    sandboxPage,
    'A load balancer’s target is unhealthy only where nothing listens',
    'test/providers/sandbox/hetzner-api/newer-api.test.ts',
    'a target that fails its check says why',
  ],
  [
    sandboxPage,
    'Any other chart, repository or version fails in helm',
    'test/providers/sandbox/helm/helm-controller.test.ts',
    'refuses in helm’s words what is not there to be had',
    'refuses kinds that are not served, namespaces that are not there, and what belongs to others',
  ],
  [
    sandboxPage,
    'unless the node is marked with `node.kubernetes.io/out-of-service`, which counts for its pods only once the node is not Ready',
    'test/providers/sandbox/k3s/lost-node.test.ts',
    'keeps its pods for five minutes, has them on their way out for ever, and the volume with them',
    'gives up the volume six minutes after its pod was deleted without asking the kubelet',
    'gives up the volume at once where it is marked as out of service',
    'has its pods deleted by the marks only once it is not Ready, within 20 s',
    'is deleted by the cloud controller once it is not Ready, and then the six minutes run in full',
  ],
  [
    sandboxPage,
    'become Ready when their operators',
    'test/providers/sandbox/helm/helm-controller.test.ts',
    'become Ready with their operator, one after the other',
  ],
  [
    sandboxPage,
    'initializes nodes',
    'test/providers/sandbox/k3s/cloud-controller.test.ts',
    'is installed on a node that is still tainted, and initializes it',
    'makes a load balancer for a service that asks for one, and takes it away with it',
  ],
  [
    sandboxPage,
    'at most 16 a server, deleted after the claim where the class says so',
    'test/providers/sandbox/k3s/cloud-volumes.test.ts',
    'makes a volume of at least 10 GiB at the cloud for a claim, attached to the server of its pod',
    'cannot attach a seventeenth volume to a server: its pod waits, and an event says why',
    'keeps the volume of a claim whose class retains it',
  ],
  [
    sandboxPage,
    'requests and the number of pods, host ports, node selectors and affinity, anti-affinity, taints',
    `${kube}/scheduling.test.ts`,
    'a request larger than any node',
    'a node that is full of pods',
    'a port of the node that is taken everywhere',
    'a selector, a taint, a cordon and too little memory, each counted',
    'anti-affinity with one more pod than nodes',
    'a zone that would get too many',
    'a volume that is tied to another node',
  ],
  [
    sandboxPage,
    'one whose name is none is `InvalidImageName`, one of a registry under `.invalid` cannot be pulled',
    `${kube}/containers.test.ts`,
    'cannot start an image whose name is none',
    'cannot pull from a registry that cannot exist',
  ],
  [
    sandboxPage,
    'a port is served when some container of the pod declares it',
    `${kube}/containers.test.ts`,
    'is never ready when its readiness probe asks a port that nobody declares',
    'is ready when its probes ask a declared port',
    'is killed when its liveness command fails',
  ],
  [
    sandboxPage,
    '`serve`, `fail` (ends at once, exit code 1), `crash` (after 5 s of work), `not-ready`, `no-image`',
    `${kube}/containers.test.ts`,
    'serves by annotation whatever its command says',
    'fails at once by annotation',
    'crashes after a while by annotation',
    'does not become ready by annotation',
    'gets no image by annotation',
  ],
  [
    sandboxPage,
    'a write of one comes back with a `Warning:` header, which kubectl shows',
    `${kube}/unenforced.test.ts`,
    'comes back with a warning from %s',
    'is shown by kubectl',
  ],
  [
    sandboxPage,
    'Pods need a ServiceAccount that exists',
    `${kube}/unenforced.test.ts`,
    'is not made by its workload, which says why, until the account is there',
  ],
  [
    sandboxPage,
    'lists of the last four are empty',
    'test/providers/sandbox/hetzner-api/lists.test.ts',
    'answers what there is none of with empty lists, and what is no more with 410',
  ],
  ...linodeClaims,
];
