import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { charts } from '../../providers/sandbox/helm/charts/index.js';

const root = new URL('../..', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** A text as one line. */
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const page = read('providers/sandbox/README.md');
const kube = 'test/providers/sandbox/kube-api';

/** What the pages claim of the sandbox, word by word, and the titles of the tests that prove it. */
const claims: readonly (readonly [page: string, claim: string, file: string, ...titles: string[]])[] = [
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
    'providers/sandbox/README.md',
    'Any other chart, repository or version fails in helm',
    'test/providers/sandbox/helm/helm-controller.test.ts',
    'refuses in helm’s words what is not there to be had',
    'refuses kinds that are not served, namespaces that are not there, and what belongs to others',
  ],
  [
    'providers/sandbox/README.md',
    'unless the node is marked with `node.kubernetes.io/out-of-service`, which counts for its pods only once the node is not Ready',
    'test/providers/sandbox/k3s/lost-node.test.ts',
    'keeps its pods for five minutes, has them on their way out for ever, and the volume with them',
    'gives up the volume six minutes after its pod was deleted without asking the kubelet',
    'gives up the volume at once where it is marked as out of service',
    'has its pods deleted by the marks only once it is not Ready, within 20 s',
    'is deleted by the cloud controller once it is not Ready, and then the six minutes run in full',
  ],
  [
    'providers/sandbox/README.md',
    'become Ready when their operators',
    'test/providers/sandbox/helm/helm-controller.test.ts',
    'become Ready with their operator, one after the other',
  ],
  [
    'providers/sandbox/README.md',
    'initializes nodes',
    'test/providers/sandbox/k3s/cloud-controller.test.ts',
    'is installed on a node that is still tainted, and initializes it',
    'makes a load balancer for a service that asks for one, and takes it away with it',
  ],
  [
    'providers/sandbox/README.md',
    'at most 16 a server, deleted after the claim where the class says so',
    'test/providers/sandbox/k3s/cloud-volumes.test.ts',
    'makes a volume of at least 10 GiB at the cloud for a claim, attached to the server of its pod',
    'cannot attach a seventeenth volume to a server: its pod waits, and an event says why',
    'keeps the volume of a claim whose class retains it',
  ],
  [
    'providers/sandbox/README.md',
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
    'providers/sandbox/README.md',
    'one whose name is none is `InvalidImageName`, one of a registry under `.invalid` cannot be pulled',
    `${kube}/containers.test.ts`,
    'cannot start an image whose name is none',
    'cannot pull from a registry that cannot exist',
  ],
  [
    'providers/sandbox/README.md',
    'a port is served when some container of the pod declares it',
    `${kube}/containers.test.ts`,
    'is never ready when its readiness probe asks a port that nobody declares',
    'is ready when its probes ask a declared port',
    'is killed when its liveness command fails',
  ],
  [
    'providers/sandbox/README.md',
    '`serve`, `fail` (ends at once, exit code 1), `crash` (after 5 s of work), `not-ready`, `no-image`',
    `${kube}/containers.test.ts`,
    'serves by annotation whatever its command says',
    'fails at once by annotation',
    'crashes after a while by annotation',
    'does not become ready by annotation',
    'gets no image by annotation',
  ],
  [
    'providers/sandbox/README.md',
    'a write of one comes back with a `Warning:` header, which kubectl shows',
    `${kube}/unenforced.test.ts`,
    'comes back with a warning from %s',
    'is shown by kubectl',
  ],
  [
    'providers/sandbox/README.md',
    'Pods need a ServiceAccount that exists',
    `${kube}/unenforced.test.ts`,
    'is not made by its workload, which says why, until the account is there',
  ],
  [
    'providers/sandbox/README.md',
    'lists of the last four are empty',
    'test/providers/sandbox/hetzner-api/lists.test.ts',
    'answers what there is none of with empty lists, and what is no more with 410',
  ],
];

describe('what the pages say of the sandbox', () => {
  it.each(claims)('%s: “%s” has its proof', (where, claim, file, ...titles) => {
    expect(flat(read(where))).toContain(claim);
    for (const title of titles) expect(read(file)).toContain(`'${title}'`);
  });

  it('names every chart there is, and no other', () => {
    const listed = /\(`helm\/charts`\): ([^;]+);/.exec(flat(page))![1]!;
    expect(listed.split(', ')).toEqual(charts().map(({ name }) => name));
  });
});
