import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

/** What only k3s has: its annotations and conditions for etcd, its Secret for a node, the form of its releases. */
const ofK3s = /k3s\.cattle\.io|EtcdIsVoter|node-password|k3s\.io\/|\+k3s/;

const files = (room: string): readonly string[] =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name}`);

describe('what is particular to k3s stays out of', () => {
  it.each(['src/domain', 'src/kube', 'src/phases', 'src/provider', 'src/workflows'])('%s', (room) => {
    const found = files(room).flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .flatMap((line, i) => (ofK3s.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });
});

/** Where the distributions are listed, and the form of a cluster file is put together. */
const lists = new Set([
  "src/domain/spec/schema.ts: export const distributionNames = ['k3s', 'lke'] as const;",
  "src/domain/spec/schema.ts: .describe('What the cluster is made of: k3s on machines, or LKE, which Linode runs.'),",
  "src/domain/spec/schema.ts: export const defaultDistribution: DistributionName = 'k3s';",
  "src/config/cluster-schema.ts: import { fileFields as k3s } from '../distributions/k3s/file-fields.js';",
  'src/config/cluster-schema.ts: const fields = { k3s, lke } satisfies Record<DistributionName, FileFields>;',
  'src/config/cluster-schema.ts: export const clusterSchema = clusterSchemaFor(fields.k3s);',
  'src/config/cluster-schema.ts: k3s: clusterSchema,',
]);

describe('k3s and its parts are named in no file of', () => {
  it.each(['src/config', 'src/domain', 'src/kube', 'src/workflows'])('%s but in the lists of distributions', (room) => {
    const found = files(room).flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => /k3s|coredns|metrics-server|servicelb|local-storage/i.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found.filter((line) => !lists.has(line))).toEqual([]);
  });
});
