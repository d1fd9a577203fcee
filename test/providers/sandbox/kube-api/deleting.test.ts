import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { KubernetesServer } from '../../../../providers/sandbox/kube-api/index.js';

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
let url = '';

beforeAll(async () => {
  server.start();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/api/v1/namespaces/default/configmaps`;
});
afterAll(() => {
  server.stop();
  listener.close();
  listener.closeAllConnections();
});

const configMaps = () => server.store.resource('v1', 'ConfigMap');
const make = (name: string) =>
  server.store.create(configMaps(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
const isThere = (name: string): boolean => server.store.find(configMaps(), 'default', name) !== undefined;
const remove = async (name: string, body: unknown): Promise<{ code: number; message: string }> => {
  const response = await fetch(`${url}/${name}`, {
    method: 'DELETE',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { message = '' } = (await response.json()) as { message?: string };
  return { code: response.status, message };
};

describe('deleting with preconditions', () => {
  it('refuses an object that has been made anew since', async () => {
    const { metadata } = make('anew');
    const refused = await remove('anew', { preconditions: { uid: 'another' } });
    expect(refused.code).toBe(409);
    expect(refused.message).toContain(
      `the UID in the precondition (another) does not match the UID in record (${metadata.uid!})`,
    );
    expect(isThere('anew')).toBe(true);
  });

  it('refuses an object that has been changed since', async () => {
    make('changed');
    expect((await remove('changed', { preconditions: { resourceVersion: '1' } })).code).toBe(409);
    expect(isThere('changed')).toBe(true);
  });

  it('deletes the very object that is meant', async () => {
    const { uid, resourceVersion } = make('meant').metadata;
    expect((await remove('meant', { preconditions: { uid, resourceVersion } })).code).toBe(200);
    expect(isThere('meant')).toBe(false);
  });
});
