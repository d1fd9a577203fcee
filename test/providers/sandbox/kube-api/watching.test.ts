import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { configMap, SandboxKube } from '../../../support/sandbox-kube.js';

let kube: SandboxKube;

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(configMap('there', { x: '1' }));
});
afterAll(() => kube.close());

const path = '/api/v1/namespaces/default/configmaps';
const only = 'fieldSelector=metadata.name%3Dthere&timeoutSeconds=1';
const whole = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

interface Event {
  readonly type: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
    readonly data?: unknown;
  };
}

const ask = (query: string, accept = 'application/json'): Promise<Response> =>
  fetch(`${kube.address()}${path}?${query}`, { headers: { accept } });

/** What a watch tells until its second is over. */
async function told(query: string, accept?: string): Promise<Event[]> {
  const text = await (await ask(`${query}&${only}`, accept)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

const summary = ({ type, object }: Event): string => `${type} ${object.kind} ${object.metadata.name ?? ''}`.trim();

describe.concurrent('a watch', () => {
  it.each(['watch=1', 'watch=true', 'watch=True', 'watch=t', 'watch=F', 'watch='])(
    'is what Go’s clients get when they ask for %s',
    async (query) => {
      expect((await told(query)).map(summary)).toEqual(['ADDED ConfigMap there']);
    },
  );

  it.each(['watch=0', 'watch=false', 'watch=FALSE'])('is not what they get when they ask for %s', async (query) => {
    expect(await (await ask(`${query}&${only}`)).json()).toMatchObject({ kind: 'ConfigMapList' });
  });

  it('tells what is there and then with a bookmark that this was all, as client-go begins an informer', async () => {
    const events = await told(`watch=1&resourceVersion=&${whole}`);
    expect(events.map(summary).slice(0, 2)).toEqual(['ADDED ConfigMap there', 'BOOKMARK ConfigMap']);
    expect(events[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('sends no bookmark where none is allowed', async () => {
    const events = await told('watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
    expect(events.map(summary)).toEqual(['ADDED ConfigMap there']);
  });

  it('tells only metadata to a client that asks for no more', async () => {
    const events = await told(`watch=1&${whole}`, metadataOnly);
    expect(events.slice(0, 2).map(summary)).toEqual([
      'ADDED PartialObjectMetadata there',
      'BOOKMARK PartialObjectMetadata',
    ]);
    expect(events[0]?.object.apiVersion).toBe('meta.k8s.io/v1');
    expect(events[0]?.object.data).toBeUndefined();
  });
});

describe('a list', () => {
  it('has only metadata for a client that asks for no more', async () => {
    const answer = await ask('', metadataOnly.replaceAll('Metadata;', 'MetadataList;'));
    const { kind, items } = (await answer.json()) as { kind: string; items: Record<string, unknown>[] };
    expect(kind).toBe('PartialObjectMetadataList');
    expect(items.map((item) => Object.keys(item))).toContainEqual(['kind', 'apiVersion', 'metadata']);
    expect(items.flatMap((item) => Object.keys(item))).not.toContain('data');
  });
});

describe('options that do not go together', () => {
  it.each([
    ['resourceVersionMatch=Exact', 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    ['sendInitialEvents=true', 'sendInitialEvents is forbidden for list'],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    ['watch=1&sendInitialEvents=true', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
  ])('are refused in the words of the API server: %s', async (query, why) => {
    const answer = await ask(query);
    const { message } = (await answer.json()) as { message: string };
    expect(answer.status).toBe(422);
    expect(message).toMatch(/^ListOptions\.meta\.k8s\.io "" is invalid: /);
    expect(message).toContain(`Forbidden: ${why}`);
  });
});
