import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../../src/kube/types.js';
import { goDuration, isCurrent, jobState, sameRun } from '../../../src/components/apply/chart.js';
import { failedAttempts, relevantLines } from '../../../src/components/apply/helm-log.js';
import { type Inventory, inventoryObject, readInventory } from '../../../src/components/apply/inventory.js';
import { ownedByCluster } from '../../../src/components/instance.js';
import { isSchedulable } from '../../../src/components/apply/nodes.js';
import { hashOf, includes } from '../../../src/components/apply/objects.js';
import { closure } from '../../../src/phases/components.js';
import { podProblems } from '../../../src/components/apply/pod-problems.js';
import { isWebhookAway } from '../../../src/components/apply/apply-with-retry.js';
import { stuckRevisions } from '../../../src/components/apply/release.js';
import { diffLines, diffYaml } from '../../../src/components/apply/values-diff.js';

describe('the diff of values', () => {
  it.each<[string, string, string, string[]]>([
    ['says nothing about the same values in another order', 'a: 1\nb: {c: 2}', 'b: {c: 2}\na: 1', []],
    ['names a leaf by its dotted path', 'a: {b: 1}', 'a: {b: 2}', ['~ a.b: 1 → 2']],
    ['tells what comes and what goes', 'a: 1', 'b: x', ['- a', '+ b: "x"']],
    [
      'looks into lists',
      'p: [{port: 80}]',
      'p: [{port: 81}, {port: 443}]',
      ['~ p[0].port: 80 → 81', '+ p[1].port: 443'],
    ],
    ['keeps keys with dots apart', 'a.b: 1', 'a: {b: 1}', ['- "a.b"', '+ a.b: 1']],
    ['tells an empty map from none', 'a: {}', '', ['- a']],
    ['does not show what sounds secret', 'adminPassword: one', 'adminPassword: two', ['~ adminPassword: changed']],
    ['does not show a secret that is new', '', 'auth: {token: abc}', ['+ auth.token: (not shown)']],
    [
      'shows the names of Secrets',
      'a: {existingSecret: one}',
      'a: {existingSecret: two}',
      ['~ a.existingSecret: "one" → "two"'],
    ],
  ])('%s', (_, before, after, lines) => expect(diffYaml(before, after)).toEqual(lines));

  it('counts the lines of long texts instead of printing them', () => {
    const text = (last: string) => ['x'.repeat(90), 'same', last].join('\n');
    expect(diffLines({ script: text('old') }, { script: text('new') })).toEqual([
      '~ script: changed (1 lines gone, 1 come)',
    ]);
  });

  it('is empty exactly when nothing differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(diffLines(a, a)).toEqual([]);
        // An absent document and an empty one are the same values.
        if (a !== null && b !== null && hashOf(a) !== hashOf(b)) expect(diffLines(a, b)).not.toEqual([]);
      }),
    );
  });
});

describe('what was applied', () => {
  it('is found in what is there, whatever the API added', () => {
    const desired = { spec: { ports: [{ port: 80 }], empty: {} } };
    expect(includes({ spec: { ports: [{ port: 80, protocol: 'TCP' }], more: 1 } }, desired)).toBe(true);
    expect(includes({ spec: { ports: [{ port: 80 }, { port: 81 }] } }, desired)).toBe(false);
    expect(includes({ spec: {} }, { spec: { replicas: 2 } })).toBe(false);
  });

  it('always includes itself', () => fc.assert(fc.property(fc.jsonValue(), (value) => includes(value, value))));

  it('has a hash that does not know the order of keys', () =>
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 })));
});

describe('the inventory', () => {
  const inventory: Inventory = {
    id: 'web',
    definition: 'web',
    owner: ownedByCluster,
    title: 'Web',
    namespace: 'web',
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'a', hash: 'x' }],
    secrets: [{ namespace: 'web', name: 's' }],
    waitsFor: [],
  };

  it.each([
    inventory,
    { ...inventory, id: 'globex.web', owner: { kind: 'tenant', name: 'globex' } } satisfies Inventory,
  ])('of $id comes back as it was written', (one) => expect(readInventory(inventoryObject(one))).toEqual(one));

  it.each(['', 'not json', '{}', '{"component":1}', '[]'])('takes nothing from a ConfigMap that says %j', (text) => {
    expect(readInventory({ ...inventoryObject(inventory), data: { inventory: text } })).toBeUndefined();
  });
});

describe('a revision of a release is stuck', () => {
  const revisions = (...statuses: string[]) =>
    statuses.map((status, i) => ({ secret: `v${i + 1}`, version: i + 1, status, hash: undefined }));
  it.each<[string, string[], string[]]>([
    ['when the first installation failed', ['failed'], ['v1']],
    ['when it was cut short', ['pending-install'], ['v1']],
    ['above the last that worked', ['superseded', 'deployed', 'failed', 'failed'], ['v4', 'v3']],
    ['never when the newest works', ['failed', 'deployed'], []],
    [
      'by number, not by name',
      ['deployed', ...Array<string>(9).fill('failed')],
      ['v10', 'v9', 'v8', 'v7', 'v6', 'v5', 'v4', 'v3', 'v2'],
    ],
  ])('%s', (_, statuses, stuck) => {
    expect(stuckRevisions(revisions(...statuses).reverse()).map(({ secret }) => secret)).toEqual(stuck);
  });
});

const pod = (name: string, status: object, owner = 'job-1', createdAt = '2026-01-01T00:00:00Z'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    creationTimestamp: createdAt,
    ownerReferences: [{ kind: 'Job', name: 'helm-install-web', uid: owner }],
  },
  status,
});
const ended = (exitCode: number) => ({ terminated: { exitCode } });

describe('the pod of the first failing attempt', () => {
  it.each<[string, KubeObject[], string | undefined]>([
    [
      'is none while helm works',
      [pod('a', { containerStatuses: [{ name: 'helm', state: { running: {} } }] })],
      undefined,
    ],
    ['is none after a success', [pod('a', { containerStatuses: [{ name: 'helm', state: ended(0) }] })], undefined],
    ['is known right after it ended', [pod('a', { containerStatuses: [{ name: 'helm', state: ended(1) }] })], 'a 0'],
    [
      'is known once the container was started again',
      [
        pod('a', {
          containerStatuses: [{ name: 'helm', restartCount: 1, state: { running: {} }, lastState: ended(1) }],
        }),
      ],
      'a 0',
    ],
    [
      'is the oldest',
      [pod('b', { phase: 'Failed' }, 'job-1', '2026-01-01T00:01:00Z'), pod('a', { phase: 'Failed' })],
      'a 0',
    ],
    ['is never of another job', [pod('a', { phase: 'Failed' }, 'job-0')], undefined],
  ])('%s', (_, pods, attempt) =>
    expect(failedAttempts(pods, { name: 'helm-install-web', not: 'job-0' })[0]?.attempt).toBe(attempt),
  );

  it('is told without the commands that the script echoes', () => {
    expect(relevantLines('+ helm install web\n\nError: no such host\n')).toEqual(['Error: no such host']);
    expect(relevantLines('+ helm\n')).toEqual(['+ helm']);
  });
});

describe('the job of a HelmChart', () => {
  const job = (uid: string, ...types: string[]): KubeObject => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'helm-install-web', uid },
    status: { conditions: types.map((type) => ({ type, status: 'True' })) },
  });
  const chart = (annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: 'web', annotations },
  });

  it('counts only once it is not the one before the change', () => {
    expect(isCurrent(job('a'), chart({ 'slipway.dev/replaces-job': 'a' }))).toBe(false);
    expect(isCurrent(job('b'), chart({ 'slipway.dev/replaces-job': 'a' }))).toBe(true);
    expect(isCurrent(job('a'), chart())).toBe(true);
  });

  it('is made anew for everything but the number of tries', () => {
    expect(sameRun({ version: '1', backOffLimit: 2 }, { version: '1', backOffLimit: 5 })).toBe(true);
    expect(sameRun({ version: '1' }, { version: '2' })).toBe(false);
    expect(sameRun(undefined, { version: '1' })).toBe(false);
  });

  it('is made anew when a field is no longer asked for, not for what the API filled in', () => {
    expect(sameRun({ version: '1', valuesContent: 'a: 1' }, { version: '1' })).toBe(false);
    expect(sameRun({ version: '1', failurePolicy: 'reinstall' }, { version: '1' })).toBe(true);
  });

  it('has three states', () => {
    expect([job('a'), job('a', 'Complete'), job('a', 'FailureTarget', 'Failed')].map(jobState)).toEqual([
      'running',
      'complete',
      'failed',
    ]);
  });

  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['250ms', 250],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('takes %s for %s milliseconds', (text, ms) => expect(goDuration(text)).toBe(ms));
});

describe('pods say why they are not ready', () => {
  it.each<[string, object, string[]]>([
    [
      'no node',
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
      ['pod a: Pending: 0/3 nodes are available'],
    ],
    [
      'no image',
      {
        containerStatuses: [
          { name: 'web', state: { waiting: { reason: 'ImagePullBackOff', message: 'not found\nmore' } } },
        ],
      },
      ['pod a: web: ImagePullBackOff: not found'],
    ],
    [
      'a crash',
      { containerStatuses: [{ name: 'web', state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(2) }] },
      ['pod a: web: CrashLoopBackOff: ended with exit code 2'],
    ],
    [
      'nothing while starting',
      { containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ContainerCreating' } } }] },
      [],
    ],
    ['nothing when done', { phase: 'Succeeded' }, []],
  ])('%s', (_, status, lines) => expect(podProblems([pod('a', status)])).toEqual(lines));
});

describe('a node takes pods', () => {
  const node = (spec: object, ready = 'True'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a' },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  it.each<[string, KubeObject, boolean]>([
    ['when it is Ready', node({}), true],
    ['not before', node({}, 'False'), false],
    [
      'not while the cloud controller has not seen it',
      node({ taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule' }] }),
      false,
    ],
    ['though pods prefer others', node({ taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }), true],
    ['not when cordoned', node({ unschedulable: true }), false],
  ])('%s', (_, object, takes) => expect(isSchedulable(object)).toBe(takes));
});

it('knows what a component stands on, near and far', () => {
  const standsOn = closure(
    new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', []],
    ]),
  );
  expect(standsOn('a')).toEqual(['b', 'c']);
  expect(standsOn('c')).toEqual([]);
});

it('tells a webhook that is not there yet from a refusal', () => {
  expect(isWebhookAway(new Error('Internal error occurred: failed calling webhook "x": connection refused'))).toBe(
    true,
  );
  expect(isWebhookAway(new Error('admission webhook "x" denied the request: no'))).toBe(false);
});
