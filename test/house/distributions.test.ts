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
