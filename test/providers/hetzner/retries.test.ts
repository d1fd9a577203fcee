import { describe, expect, it } from 'vitest';

import { dialect } from '../../../providers/hetzner/client.js';
import { errorFromAnswer, UnreachableError } from '../../../src/http/api/errors.js';
import { retryDelay } from '../../../src/http/api/retry-policy.js';

const answer = (status: number, text: string) =>
  errorFromAnswer(dialect, { method: 'POST', path: '/servers' }, { status, text, headers: { get: () => null } });
const apiError = (status: number, code: string) =>
  answer(status, JSON.stringify({ error: { code, message: code, details: null } }));
const bare = (status: number) => answer(status, '<html>');
const cut = new UnreachableError(dialect, 'POST /servers', true, new Error('socket hang up'));
const refused = new UnreachableError(dialect, 'POST /servers', false, new Error('connect ECONNREFUSED'));

describe('what is sent again', () => {
  it.each([
    ['conflict', apiError(409, 'conflict'), true, true],
    ['rate_limit_exceeded', apiError(429, 'rate_limit_exceeded'), true, true],
    ['bare 429', bare(429), true, true],
    ['a connection that was never made', refused, true, true],
    ['bad_gateway', apiError(502, 'bad_gateway'), true, false],
    ['timeout', apiError(504, 'timeout'), true, false],
    ['bare 502', bare(502), true, false],
    ['bare 504', bare(504), true, false],
    ['a connection that broke', cut, true, false],
    ['locked', apiError(423, 'locked'), false, false],
    ['resource_unavailable', apiError(412, 'resource_unavailable'), false, false],
    ['server_error', apiError(500, 'server_error'), true, false],
    ['unavailable', apiError(503, 'unavailable'), true, false],
    ['bare 500', bare(500), true, false],
    ['bare 503', bare(503), true, false],
    ['uniqueness_error', apiError(409, 'uniqueness_error'), false, false],
    ['invalid_input', apiError(422, 'invalid_input'), false, false],
    ['a fault of ours', new TypeError('x is not a function'), false, false],
  ])('%s', (_name, error, repeatable, once) => {
    expect(retryDelay(error, { repeatable: true }, 0, 0.5) !== undefined).toBe(repeatable);
    expect(retryDelay(error, { repeatable: false }, 0, 0.5) !== undefined).toBe(once);
  });
});

describe('how long it waits', () => {
  it('doubles from one second, with jitter between half and the whole', () => {
    const at = (attempt: number, fraction: number) => retryDelay(bare(502), { repeatable: true }, attempt, fraction);
    expect([at(0, 0), at(0, 0.999), at(1, 0), at(4, 0)]).toEqual([500, 999.5, 1000, 8000]);
  });

  it('gives up in the end', () => {
    expect(retryDelay(bare(502), { repeatable: true }, 5, 0)).toBeUndefined();
    expect(retryDelay(refused, { repeatable: true }, 3, 0)).toBeUndefined();
  });

  it('waits seconds for the rate limit, never an hour', () => {
    for (let attempt = 0; attempt < 8; attempt += 1) {
      expect(
        retryDelay(apiError(429, 'rate_limit_exceeded'), { repeatable: true }, attempt, 0.999),
      ).toBeLessThanOrEqual(10_000);
    }
  });
});
