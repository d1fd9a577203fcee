import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readyNode, SandboxKube } from '../../../support/sandbox-kube.js';

let kube: SandboxKube;

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(readyNode('n1'));
});
afterAll(() => kube.close());

const core = '/api/v1/namespaces/default/events';
const newer = '/apis/events.k8s.io/v1/namespaces/default/events';

interface Answer {
  readonly code: number;
  readonly body: Record<string, unknown> & {
    readonly message?: string;
    readonly items?: { metadata: { name: string } }[];
  };
}

async function ask(method: string, path: string, body?: object, type = 'application/json'): Promise<Answer> {
  const answer = await fetch(`${kube.address()}${path}`, {
    method,
    headers: { 'content-type': type },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { code: answer.status, body: (await answer.json()) as Answer['body'] };
}
const names = ({ body }: Answer): string[] => (body.items ?? []).map(({ metadata }) => metadata.name);

const pod = {
  kind: 'Pod',
  namespace: 'default',
  name: 'web',
  uid: 'u1',
  apiVersion: 'v1',
  fieldPath: 'spec.containers{web}',
};
const coreEvent = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name },
  involvedObject: pod,
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  source: { component: 'kubelet', host: 'n1' },
  count: 4,
  firstTimestamp: '2026-11-26T04:00:00Z',
  lastTimestamp: '2026-11-26T04:10:00Z',
  ...more,
});
const newEvent = (name: string, more: object = {}) => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name },
  eventTime: '2026-11-26T04:00:00.123456Z',
  reportingController: 'controller.example/x',
  reportingInstance: 'x-1',
  action: 'Pulling',
  reason: 'Pull',
  regarding: pod,
  related: { kind: 'Node', name: 'n1' },
  note: 'text',
  type: 'Normal',
  ...more,
});

describe('an event', () => {
  it('that was written by way of v1 is the same object in events.k8s.io/v1', async () => {
    const made = await ask('POST', core, coreEvent('core'));
    expect(made).toMatchObject({ code: 201, body: { eventTime: null, reportingComponent: '' } });
    const { code, body } = await ask('GET', `${newer}/core`);
    expect(code).toBe(200);
    expect({ ...body, metadata: undefined }).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      eventTime: null,
      reason: 'BackOff',
      regarding: pod,
      note: 'Back-off restarting failed container',
      type: 'Warning',
      deprecatedSource: { component: 'kubelet', host: 'n1' },
      deprecatedFirstTimestamp: '2026-11-26T04:00:00Z',
      deprecatedLastTimestamp: '2026-11-26T04:10:00Z',
      deprecatedCount: 4,
    });
    expect(body['metadata']).toEqual(made.body['metadata']);
  });

  it('that was written by way of events.k8s.io/v1 is the same object in v1', async () => {
    const series = { count: 3, lastObservedTime: '2026-11-26T04:05:00.000001Z' };
    const made = await ask('POST', newer, newEvent('newer', { series }));
    expect(made).toMatchObject({
      code: 201,
      body: { apiVersion: 'events.k8s.io/v1', regarding: pod, deprecatedSource: {}, deprecatedFirstTimestamp: null },
    });
    const { body } = await ask('GET', `${core}/newer`);
    expect({ ...body, metadata: undefined }).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: pod,
      reason: 'Pull',
      message: 'text',
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      type: 'Normal',
      eventTime: '2026-11-26T04:00:00.123456Z',
      series,
      action: 'Pulling',
      related: { kind: 'Node', name: 'n1' },
      reportingComponent: 'controller.example/x',
      reportingInstance: 'x-1',
    });
  });

  it('is changed and deleted in either shape', async () => {
    const series = { count: 4, lastObservedTime: '2026-11-26T04:06:00.000001Z' };
    const patch = 'application/strategic-merge-patch+json';
    expect(await ask('PATCH', `${newer}/newer`, { series }, patch)).toMatchObject({ code: 200, body: { series } });
    expect((await ask('GET', `${core}/newer`)).body).toMatchObject({ message: 'text', series });
    expect(await ask('PATCH', `${core}/core`, { count: 5 }, patch)).toMatchObject({ code: 200, body: { count: 5 } });
    expect((await ask('GET', `${newer}/core`)).body).toMatchObject({ deprecatedCount: 5 });
    await ask('POST', core, coreEvent('gone'));
    expect((await ask('DELETE', `${newer}/gone`)).body).toMatchObject({ status: 'Success' });
    expect((await ask('GET', `${core}/gone`)).code).toBe(404);
  });

  it('is told to those who watch either shape', async () => {
    const query = '?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dcore';
    const told = async (path: string): Promise<unknown[]> => {
      const text = await (await fetch(`${kube.address()}${path}${query}`)).text();
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { type: string; object: Record<string, unknown> })
        .map(({ type, object }) => [type, object['apiVersion'], object['message'] ?? object['note']]);
    };
    const text = 'Back-off restarting failed container';
    const both = [told(core), told(newer)];
    expect(await Promise.all(both)).toEqual([[['ADDED', 'v1', text]], [['ADDED', 'events.k8s.io/v1', text]]]);
  });

  it('of the sandbox’s own controllers is there in both', async () => {
    const spec = { containers: [{ name: 'main', image: 'nginx' }] };
    await ask('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'placed' },
      spec,
    });
    const query = (field: string): string => `?fieldSelector=${field}.name%3Dplaced,reason%3DScheduled`;
    await expect
      .poll(async () => names(await ask('GET', `${core}${query('involvedObject')}`)))
      .toEqual([expect.stringMatching(/^placed\./)]);
    expect(names(await ask('GET', `${newer}${query('regarding')}`))).toHaveLength(1);
  });
});

describe('selecting events', () => {
  it.each([
    [core, 'source=kubelet', ['core']],
    [core, 'reportingComponent=controller.example/x', ['newer']],
    [newer, 'reportingController=controller.example/x', ['newer']],
    [newer, 'type=Warning', ['core']],
  ])('in %s goes by %s', async (path, selector, found) => {
    expect(names(await ask('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`))).toEqual(found);
  });

  it.each([
    [core, 'regarding.kind'],
    [newer, 'involvedObject.name'],
    [newer, 'source'],
  ])('in %s does not go by %s', async (path, field) => {
    const { code, body } = await ask('GET', `${path}?fieldSelector=${field}%3Dx`);
    expect([code, body.message]).toEqual([400, `field label not supported: ${field}`]);
  });
});

describe('an event that is not whole', () => {
  it.each([
    [
      'without what the newer shape asks for',
      newer,
      { ...newEvent('bad'), eventTime: undefined, type: undefined },
      '[eventTime: Required value, type: Invalid value: "": has invalid value: ]',
    ],
    [
      'with what only the older shape has',
      newer,
      newEvent('bad', { deprecatedCount: 2, deprecatedSource: { component: 'k' } }),
      '[count: Invalid value: "": needs to be unset, source: Invalid value: "": needs to be unset]',
    ],
    [
      'of an object in another namespace',
      core,
      coreEvent('bad', { involvedObject: { ...pod, namespace: 'other' } }),
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ],
  ])('is refused in the words of the API server: %s', async (_, path, event, why) => {
    const { code, body } = await ask('POST', path, event);
    expect([code, body.message]).toEqual([422, `Event "bad" is invalid: ${why}`]);
  });

  it('keeps its text, once it is written in the newer shape', async () => {
    const { code, body } = await ask('PATCH', `${newer}/newer`, { note: 'other' }, 'application/merge-patch+json');
    expect([code, body.message]).toEqual([
      422,
      'Event "newer" is invalid: message: Invalid value: "other": field is immutable',
    ]);
  });
});
