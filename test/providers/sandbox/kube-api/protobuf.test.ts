import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { KubernetesServer } from '../../../../providers/sandbox/kube-api/index.js';
import { decodeProtobuf, ProtobufError } from '../../../../providers/sandbox/kube-api/protobuf/decode.js';

interface Recorded {
  readonly json: { readonly apiVersion: string; readonly kind: string };
  readonly protobuf: string;
}

/** As Go's own libraries wrote the same objects, once in each form. */
const { bodies } = JSON.parse(readFileSync(new URL('bodies/recorded.json', import.meta.url), 'utf8')) as {
  readonly bodies: readonly Recorded[];
};
const bytes = ({ protobuf }: Recorded): Buffer => Buffer.from(protobuf, 'base64');
const bodyOf = (kind: string): Buffer => bytes(bodies.find(({ json }) => json.kind === kind)!);

const server = new KubernetesServer({
  version: 'v1.36.5+k3s1',
  clock: new ScaledClock(0.001),
  podStartMs: 1_000,
  podStopMs: 1_000,
  nodeLostMs: 1e9,
  ids: randomUUID,
});
const listener = createServer((request, response) =>
  server.handle(request, response, { user: 'admin', groups: ['system:masters'] }),
);
let base = '';

beforeAll(async () => {
  server.start();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.stop();
  listener.close();
});

const send = (path: string, body: Buffer, accept = 'application/vnd.kubernetes.protobuf, */*'): Promise<Response> =>
  fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf', Accept: accept },
    body: new Uint8Array(body),
  });

describe('a body in JSON', () => {
  it('is of the kind that it is sent to where it names none', async () => {
    const answer = await fetch(`${base}/api/v1/namespaces/default/configmaps`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ metadata: { name: 'nameless' }, data: { a: 'b' } }),
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
  });
});

describe('a body in protobuf', () => {
  it.each(bodies.map((one) => [one.json.kind, one] as const))(
    'is read as the JSON that Go writes of the same object: %s',
    (_, recorded) => {
      expect(JSON.parse(JSON.stringify(decodeProtobuf(bytes(recorded))))).toEqual(recorded.json);
    },
  );

  it('creates what it describes, and the answer is in JSON', async () => {
    const answer = await send('/apis/coordination.k8s.io/v1/namespaces/default/leases', bodyOf('Lease'));
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toMatchObject({
      kind: 'Lease',
      spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-11-26T01:02:03.456789Z' },
    });
  });

  it('is refused as a bad request where another kind is expected', async () => {
    const answer = await send('/api/v1/namespaces/default/configmaps', bodyOf('Secret'));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  });

  it('is not acceptable to answer where the client reads nothing but protobuf', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const answer = await send(path, bodyOf('Deployment'), 'application/vnd.kubernetes.protobuf');
    expect(answer.status).toBe(406);
    expect(await answer.json()).toMatchObject({ kind: 'Status', reason: 'NotAcceptable' });
    expect((await fetch(`${base}${path}/web`)).status).toBe(404);
  });

  it('that is damaged anywhere is refused, and by nothing else than that', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...bodies),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(400),
      )
      .map(([recorded, changes, cut]) => {
        const body = bytes(recorded);
        for (const [at, value] of changes) body[at % body.length] = value;
        return body.subarray(0, Math.max(1, body.length - (cut % 3 === 0 ? cut : 0)));
      });
    fc.assert(
      fc.property(damaged, (body) => {
        try {
          JSON.stringify(decodeProtobuf(body));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
      { numRuns: 2_000, seed: 20261126 },
    );
  });
});
