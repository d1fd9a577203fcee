import { type Claim, sandboxPage } from './claim.js';

/** What the sandbox's page claims of Linode's API. */
export const linodeClaims: readonly Claim[] = [
  [
    sandboxPage,
    "At `/v4` and `/v4beta` the sandbox speaks Linode's API for an account of its own",
    'test/providers/sandbox/linode-api/instances.test.ts',
    'find regions with their countries, types and their prices, and what is sold out where',
    'are answered in pages of 25 to 500',
    'is found by its tags, and by no field that can’t be filtered',
    'are too many after twenty instances in a quarter of a minute, and say how long to wait',
  ],
  [
    sandboxPage,
    '`provider: {name: sandbox-linode}` goes there',
    'test/scenarios/linode.test.ts',
    'that was killed while its machines were made is finished by the same command',
  ],
  [
    sandboxPage,
    'The same tokens, computers and faults serve both APIs',
    'test/providers/sandbox/linode-api/instances.test.ts',
    'is refused to a token that may only read, and to one that nobody knows',
  ],
  [
    sandboxPage,
    "Linode's cloud controller initializes nodes",
    'test/scenarios/linode.test.ts',
    'is as the file asks for, with its nodes known to the cloud and its price in dollars',
  ],
  [
    sandboxPage,
    'LKE is there, too: clusters (standard tier), pools, nodes, recycling, kubeconfigs, endpoints and access lists',
    'test/providers/sandbox/linode-api/lke.test.ts',
    'recycles a pool one node after the other',
    'has an access list that is off unless it says otherwise, and shuts out whom it does not name',
    'is as it was after the sandbox was started again',
  ],
  [
    sandboxPage,
    'Status is `ready` from the first answer on, the kubeconfig comes minutes later, nodes after that',
    'test/providers/sandbox/linode-api/lke.test.ts',
    'says that it is ready at once, gives its kubeconfig out minutes later, and has nodes after that',
    'makes a machine anew, after minutes, that was deleted behind its back',
    'has as many nodes as it counts, within a range that names both ends',
  ],
  [
    sandboxPage,
    'brings a patch to control planes, as LKE does by itself',
    'test/scenarios/lke.test.ts',
    'that LKE patched says which nodes are older, and recycles them one at a time',
  ],
];
