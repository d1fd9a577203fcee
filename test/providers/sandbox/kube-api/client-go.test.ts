import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { client } from '../../../support/clients.js';
import { readyNode, SandboxKube } from '../../../support/sandbox-kube.js';

const program = client('client-go');
let kube: SandboxKube;
/** Content types of the bodies that came in, by path. */
const bodies = new Map<string, Set<string>>();

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(readyNode('n1'));
  kube.intercept = ({ url = '', headers }) => {
    const type = headers['content-type'];
    if (type !== undefined) bodies.set(url, (bodies.get(url) ?? new Set()).add(type));
    return false;
  };
});
afterAll(() => kube.close());

describe.skipIf(program === undefined)('a controller with client-go as it is by default', () => {
  it('leads by a Lease, follows pods, counts events, and is told of conflicts', async () => {
    const { stdout } = await promisify(execFile)(program!, [kube.address()]);
    expect(JSON.parse(stdout)).toEqual({
      version: 'v1.36.5+k3s1',
      leaders: ['first', 'first', 'second'],
      transitions: 1,
      renewed: true,
      'synced *v1.Pod': true,
      ready: 3,
      event: ['Warning', 'rolled web out', 2, true],
      'fields conflict': true,
      stale: true,
      data: { a: '1', b: '1', c: '1' },
      twice: 'configmaps "settings" already exists',
      'other uid': true,
      gone: 'configmaps "settings" not found',
    });
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    expect([...bodies.get(leases)!]).toEqual(['application/vnd.kubernetes.protobuf']);
    expect([...bodies.get(`${leases}/controller`)!]).toEqual(['application/vnd.kubernetes.protobuf']);
  });
});
