import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { KubernetesServer } from '../../../../providers/sandbox/kube-api/index.js';
import { client } from '../../../support/clients.js';

const program = client('kubectl');
const folder = mkdtempSync(join(tmpdir(), 'slipway-kubectl-'));
const server = new KubernetesServer({
  version: 'v1.36.5+k3s1',
  clock: new ScaledClock(0.005),
  podStartMs: 3_000,
  podStopMs: 2_000,
  nodeLostMs: 1e9,
  ids: randomUUID,
});
const listener = createServer((request, response) =>
  server.handle(request, response, { user: 'admin', groups: ['system:masters'] }),
);
let base: string[] = [];

const kubectl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(program!, [...base, ...args], { timeout: 25_000, env: { ...process.env, HOME: folder } }))
    .stdout;

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(async () => {
  server.start();
  const nodes = server.store.resource('v1', 'Node');
  for (const name of ['n1', 'n2']) {
    server.store.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.36.5+k3s1' } },
    });
  }
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  base = [`--server=http://127.0.0.1:${(listener.address() as AddressInfo).port}`];
});

afterAll(() => {
  server.stop();
  listener.close();
  listener.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
`;

describe.skipIf(program === undefined)('the real kubectl', () => {
  it('lists nodes as it does anywhere', async () => {
    expect(await kubectl('get', 'nodes')).toMatch(
      /^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\nn1\s+Ready\s+<none>\s+\d+s\s+v1\.36\.5\+k3s1\n/,
    );
    expect(JSON.parse(await kubectl('get', 'nodes', '-o', 'json'))).toMatchObject({
      kind: 'List',
      items: [{ kind: 'Node' }, { kind: 'Node' }],
    });
  });

  it('applies, applies again without a change, and takes over server-side', async () => {
    const path = file('cm.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n');
    expect(await kubectl('apply', '-f', path)).toContain('configmap/a created');
    expect(await kubectl('apply', '-f', path)).toContain('configmap/a unchanged');
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', path)).toContain('serverside-applied');
    await expect(kubectl('diff', '-f', path)).resolves.toBe('');
  });

  it('labels, taints and waits', async () => {
    await kubectl('label', 'node', 'n1', 'tier=web');
    await kubectl('taint', 'node', 'n2', 'only=this:NoExecute');
    expect(await kubectl('get', 'nodes', '-l', 'tier=web', '-o', 'name')).toBe('node/n1\n');
    expect(await kubectl('wait', '--for=condition=Ready', 'node/n1', '--timeout=10s')).toContain('condition met');
    await kubectl('taint', 'node', 'n2', 'only-');
  });

  it('rolls a deployment out and drains a node while a budget is kept', async () => {
    const budget =
      'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}\n';
    await kubectl('apply', '-f', file('web.yaml', `${deployment}---\n${budget}`));
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=15s');
    await kubectl('drain', 'n1', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=20s');
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=15s');
    expect((await kubectl('get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}')).split(' ')).toEqual([
      'n2',
      'n2',
      'n2',
    ]);
    expect(await kubectl('get', 'node', 'n1')).toContain('Ready,SchedulingDisabled');
    await kubectl('uncordon', 'n1');
  });

  it('prints the columns of built-in kinds, and more of them with -o wide', async () => {
    const short = (await kubectl('get', 'deploy', 'web')).split('\n');
    expect(short[0]).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE$/);
    expect(short[1]).toMatch(/^web +3\/3 +3 +3 +\d+s$/);
    const wide = (await kubectl('get', 'deploy', 'web', '-o', 'wide')).split('\n');
    expect(wide[0]).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR$/);
    expect(wide[1]).toMatch(/^web +3\/3 +3 +3 +\d+s +c +nginx +app=web$/);
    expect(await kubectl('get', 'rs,pdb')).toMatch(/DESIRED +CURRENT +READY +AGE\n[^]*ALLOWED DISRUPTIONS +AGE\n/);
  });

  it('creates objects of built-in kinds, for which it speaks protobuf', async () => {
    expect(await kubectl('create', 'deployment', 'made', '--image=nginx', '--replicas=2')).toBe(
      'deployment.apps/made created\n',
    );
    await kubectl('rollout', 'status', 'deploy/made', '--timeout=15s');
    await kubectl('create', 'configmap', 'made', '--from-literal=key=value');
    expect(await kubectl('get', 'configmap', 'made', '-o', 'jsonpath={.data.key}')).toBe('value');
    await kubectl('create', 'secret', 'generic', 'made', '--from-literal=key=value');
    expect(await kubectl('get', 'secret', 'made', '-o', 'jsonpath={.data.key}')).toBe('dmFsdWU=');
    await kubectl('create', 'role', 'made', '--verb=get', '--resource=pods');
    expect(await kubectl('scale', 'deploy/made', '--replicas=3', '--current-replicas=2')).toContain('scaled');
    await kubectl('rollout', 'status', 'deploy/made', '--timeout=15s');
    expect(await kubectl('get', 'deploy', 'made', '--subresource=scale', '-o', 'jsonpath={.status.replicas}')).toBe(
      '3',
    );
    await kubectl('delete', 'deployment,configmap,secret,role', 'made');
  });

  it('shows events of both APIs', async () => {
    const got = await kubectl('get', 'events', '--field-selector', 'reason=Scheduled');
    expect(got).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n[^]*\S+ +Normal +Scheduled +pod\/web-\S+ +Successfully assigned/,
    );
    const newer = await kubectl('get', 'events.v1.events.k8s.io', '--field-selector', 'reason=Scheduled');
    expect(newer.split('\n')[0]).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/);
    expect(newer.split('\n')).toHaveLength(got.split('\n').length);
    expect(await kubectl('get', 'events', '-o', 'wide')).toMatch(
      / SUBOBJECT +SOURCE +MESSAGE +FIRST SEEN +COUNT +NAME\n/,
    );
    expect(await kubectl('events', '--types=Normal')).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n[^]*Pod\/web-/,
    );
    expect(await kubectl('events', '--for', 'deployment/nosuch')).toBe('');
    const [pod = ''] = (await kubectl('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n');
    expect(await kubectl('describe', pod)).toMatch(/Events:\n +Type +Reason +Age +From +Message/);
  });

  it('answers what its user may do', async () => {
    expect(await kubectl('auth', 'can-i', 'delete', 'pods')).toBe('yes\n');
    expect(await kubectl('auth', 'can-i', '--list')).toContain('*.*');
    expect(await kubectl('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')).toBe('admin');
  });

  it('gets a bounded token for a service account, which stands for it', async () => {
    await kubectl('apply', '-f', file('sa.yaml', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ci}\n'));
    const token = (await kubectl('create', 'token', 'ci')).trim();
    const [header, claims, signature] = token.split('.');
    const part = (text?: string): unknown => JSON.parse(Buffer.from(text!, 'base64url').toString('utf8'));
    expect(part(header)).toMatchObject({ alg: 'ES256' });
    expect(part(claims)).toMatchObject({ sub: 'system:serviceaccount:default:ci' });
    expect(Buffer.from(signature!, 'base64url')).toHaveLength(64);
    expect(server.identityOf(token)).toMatchObject({ user: 'system:serviceaccount:default:ci' });
    expect(server.identityOf(`${token}x`)).toBeUndefined();
  });

  it('is told what does not exist in the API’s own words', async () => {
    await expect(kubectl('get', 'pod', 'nosuch')).rejects.toThrow(
      'Error from server (NotFound): pods "nosuch" not found',
    );
    await expect(kubectl('get', 'nonsense')).rejects.toThrow('the server doesn\'t have a resource type "nonsense"');
  });

  it('serves a definition as soon as it is there, and deletes its objects with it', async () => {
    const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.example.dev}
spec:
  group: example.dev
  scope: Namespaced
  names: {plural: ships, kind: Ship, singular: ship}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`;
    await kubectl('apply', '-f', file('crd.yaml', crd));
    await kubectl('wait', '--for=condition=Established', 'crd/ships.example.dev', '--timeout=10s');
    await kubectl(
      'apply',
      '-f',
      file('ship.yaml', 'apiVersion: example.dev/v1\nkind: Ship\nmetadata: {name: one}\nspec: {masts: 3}\n'),
    );
    expect(await kubectl('get', 'ships', '-o', 'name')).toBe('ship.example.dev/one\n');
    await kubectl('delete', 'crd', 'ships.example.dev');
    expect(server.store.resources.find('example.dev', 'v1', 'ships')).toBeUndefined();
  });
});
