import { describe, expect, it } from 'vitest';

import { describeMachineProvider } from './machine-provider.js';
import { hetznerHarness } from './support/hetzner-harness.js';
import { officialDocument, RequestJudge } from './support/openapi-requests.js';

describeMachineProvider('The Hetzner provider', () => hetznerHarness());

const document = officialDocument('hetzner-cloud.openapi.json');

// The contract above compares every request with the official description, and would say nothing without this.
describe.skipIf(document === undefined)('The official OpenAPI document (skipped where it is absent)', () => {
  const violations = (method: string, path: string, body?: unknown): string[] =>
    new RequestJudge(document ?? '').violations(method, new URL(path, 'http://cloud'), body);

  it('allows what is right', () => {
    expect(violations('GET', '/servers?label_selector=a&page=1&per_page=50')).toEqual([]);
    expect(violations('GET', '/actions?id=1&id=2')).toEqual([]);
    expect(violations('POST', '/placement_groups', { name: 'a', type: 'spread', labels: { a: 'b' } })).toEqual([]);
  });

  it.each([
    ['an unknown operation', 'GET', '/machines', undefined, /no such operation/],
    ['an unknown query parameter', 'GET', '/servers?pool=web', undefined, /unknown query parameter pool/],
    ['a missing query parameter', 'GET', '/actions', undefined, /parameter id is missing/],
    ['a missing field', 'POST', '/placement_groups', { name: 'a' }, /required property 'type'/],
    ['a field of the wrong type', 'POST', '/servers', { name: 1, server_type: 'a', image: 'b' }, /name must be string/],
    ['a missing body', 'POST', '/servers', undefined, /body is missing|required/],
  ])('does not allow %s', (_what, method, path, body, said) => {
    expect(violations(method, path, body).join('\n')).toMatch(said);
  });
});
