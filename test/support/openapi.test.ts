import { describe, expect, it } from 'vitest';

import { checkedFetch, loadOpenApi, openApiAbsence } from './openapi.js';

const absence = openApiAbsence();
if (absence) console.log(`skipped: ${absence}`);

describe.skipIf(absence !== undefined)('the check against Hetzner’s document', () => {
  const api = loadOpenApi();
  if (!api) return;
  const key = {
    id: 1,
    name: 'mine',
    fingerprint: 'aa:bb',
    public_key: 'ssh-ed25519 AAAA',
    labels: {},
    created: '2026-11-21T10:00:00Z',
  };

  it('passes an answer that is as it should be', () => {
    expect(api.checkResponse('POST', '/v1/ssh_keys', 201, { ssh_key: key })).toEqual([]);
    expect(api.checkResponse('DELETE', '/v1/ssh_keys/1', 204, undefined)).toEqual([]);
  });

  it('finds a field that is missing, of another type, or not as its format wants it', () => {
    const broken = { ...key, id: 'one', created: 'yesterday', labels: undefined };
    const problems = api.checkResponse('GET', '/v1/ssh_keys/1', 200, JSON.parse(JSON.stringify({ ssh_key: broken })));
    expect(problems.join('\n')).toMatch(/required property 'labels'/);
    expect(problems.join('\n')).toMatch(/ssh_key\/id: must be integer/);
    expect(problems.join('\n')).toMatch(/must match format "date-time"/);
  });

  it('finds a status that the operation never answers, and an operation that does not exist', () => {
    expect(api.checkResponse('POST', '/v1/ssh_keys', 200, { ssh_key: key })).toEqual([
      '200 is no answer of POST /ssh_keys',
    ]);
    expect(api.checkResponse('GET', '/v1/toasters', 200, {})).toHaveLength(1);
  });

  it('finds an error without its envelope', () => {
    expect(api.checkResponse('GET', '/v1/ssh_keys/1', 404, { message: 'no' })).not.toEqual([]);
    expect(api.checkResponse('GET', '/v1/x', 404, { error: { code: 'not_found', message: 'no' } })).toEqual([]);
  });

  it('finds what is wrong in a request: body, query, and a body where none belongs', () => {
    expect(api.checkRequest('POST', '/v1/ssh_keys', { name: 'mine' })).toHaveLength(1);
    expect(api.checkRequest('POST', '/v1/ssh_keys', undefined)).toEqual(['the body is missing']);
    expect(api.checkRequest('GET', '/v1/servers?colour=red', undefined)).toEqual(['query parameter colour is unknown']);
    expect(api.checkRequest('GET', '/v1/servers?page=two', undefined)).toHaveLength(1);
    expect(api.checkRequest('GET', '/v1/actions', undefined)).toEqual(['query parameter id is missing']);
    expect(api.checkRequest('GET', '/v1/actions?id=1&id=2', undefined)).toEqual([]);
    expect(api.checkRequest('GET', '/v1/servers?status=running&sort=name:asc', undefined)).toEqual([]);
    expect(api.checkRequest('POST', '/v1/servers/1/actions/reset', { hard: true })).toHaveLength(1);
  });

  it('writes down what a client did wrong, without keeping it from its answer', async () => {
    const answering: typeof fetch = () => Promise.resolve(Response.json({ ssh_keys: [] }));
    const checked = checkedFetch(api, answering);
    const response = await checked.fetch('http://localhost/v1/ssh_keys?colour=red');
    expect(await response.json()).toEqual({ ssh_keys: [] });
    expect(checked.problems).toHaveLength(2);
    expect(checked.problems[0]).toBe('GET /v1/ssh_keys: query parameter colour is unknown');
    expect(checked.problems[1]).toMatch(/required property 'meta'/);
    expect([...checked.used]).toEqual(['GET /ssh_keys']);
  });
});
