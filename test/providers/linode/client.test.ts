import { describe, expect, it } from 'vitest';

import { dialect } from '../../../providers/linode/client.js';
import { machineRules, sameRules } from '../../../providers/linode/firewall.js';
import type { ApiError } from '../../../src/http/api/errors.js';
import { errorFromAnswer, isAmbiguous } from '../../../src/http/api/errors.js';
import { retryDelay } from '../../../src/http/api/retry-policy.js';
import { labelsOf, tagsOf } from '../../../src/provider/kit/tags.js';

const request = { method: 'POST', path: '/linode/instances' } as const;

function answered(
  status: number,
  reason: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  const text = reason === undefined ? '<html></html>' : JSON.stringify({ errors: [{ reason }] });
  return errorFromAnswer(dialect, request, { status, text, headers: new Headers(headers) });
}

describe('an error of Linode’s API, which has no codes', () => {
  it.each([
    [401, 'Invalid Token', 'token_rejected', 'TOKEN_REJECTED'],
    [401, 'Your OAuth token is not authorized to use this endpoint.', 'out_of_scope', 'TOKEN_READ_ONLY'],
    [404, 'Not found', 'not_found', 'LINODE_NOT_FOUND'],
    [400, 'Linode busy.', 'busy', 'LINODE_BUSY'],
    [400, 'Label must be unique among your linodes', 'label_taken', 'LINODE_LABEL_TAKEN'],
    [400, 'Account Limit reached. Please open a support ticket.', 'account_limit', 'RESOURCE_LIMIT'],
    [400, 'The selected plan is currently unavailable in this region.', 'sold_out', 'LINODE_SOLD_OUT'],
    [400, 'The Placement Group has reached its maximum number of Linodes.', 'placement', 'LINODE_PLACEMENT'],
    [429, 'Too many requests', 'rate_limited', 'LINODE_RATE_LIMITED'],
    [503, 'Cluster kubeconfig is not yet available. Please try again later.', 'not_yet', 'LINODE_NOT_YET'],
    [500, 'Internal server error', 'server_error', 'LINODE_SERVER_ERROR'],
    [400, 'region is not valid', 'invalid', 'LINODE_INVALID'],
  ])('with status %i and “%s” is understood as %s', (status, reason, kind, code) => {
    expect(answered(status, reason)).toMatchObject({ apiCode: kind, code });
  });

  it('names the field in its details', () => {
    const text = JSON.stringify({ errors: [{ reason: 'region is not valid', field: 'region' }] });
    expect(errorFromAnswer(dialect, request, { status: 400, text, headers: new Headers() }).details).toEqual([
      'region: region is not valid',
    ]);
  });

  it('that is a page of a proxy in the way is known by its status', () => {
    expect(answered(502, undefined)).toMatchObject({ apiCode: 'bad_gateway', status: 502 });
  });
});

describe('a request to Linode', () => {
  const delay = (error: ApiError, repeatable: boolean): number | undefined => retryDelay(error, { repeatable }, 0, 0);

  it('that was too much waits for as long as the answer says', () => {
    expect(delay(answered(429, 'Too many requests', { 'retry-after': '12' }), false)).toBe(12_000);
    expect(delay(answered(429, 'Too many requests', { 'retry-after': '900' }), false)).toBe(60_000);
  });

  it('is not sent again while the API is maintained, and the error says so', () => {
    const maintained = answered(503, undefined, { 'x-maintenance-mode': '1' });
    expect(maintained).toMatchObject({ code: 'LINODE_MAINTENANCE', exitCode: 4 });
    expect(delay(maintained, true)).toBeUndefined();
    expect(isAmbiguous(maintained)).toBe(false);
    expect(delay(answered(503, 'Service unavailable'), true)).toBeGreaterThan(0);
  });

  it('for something that is still being made is left to its caller, who can tell what is waited for', () => {
    expect(
      delay(answered(503, 'Cluster kubeconfig is not yet available.', { 'retry-after': '52' }), true),
    ).toBeUndefined();
  });
});

describe('labels as tags', () => {
  it('are short, and come back whole', () => {
    const labels = { 'slipway.dev/cluster': 'demo', 'slipway.dev/slot': '1', team: 'blue' };
    expect(tagsOf(labels)).toEqual(['slipway:cluster=demo', 'slipway:slot=1', 'team=blue']);
    expect(labelsOf([...tagsOf(labels), 'a tag of somebody'])).toEqual(labels);
  });
});

describe('the rules of a firewall at Linode', () => {
  const request = {
    sshAllow: ['203.0.113.9/24', '2001:db8::1/64'],
    apiAllow: ['198.51.100.7/32'],
    networkRange: '10.0.0.0/16',
  };

  it('let in SSH and the API from where the file says, ping, and the cluster’s own network', () => {
    expect(machineRules(request)).toMatchObject([
      { label: 'ssh', ports: '22', addresses: { ipv4: ['203.0.113.0/24'], ipv6: ['2001:db8::/64'] } },
      { label: 'kubernetes-api', ports: '6443', addresses: { ipv4: ['198.51.100.7/32'] } },
      { label: 'ping', protocol: 'ICMP' },
      { label: 'network-tcp', addresses: { ipv4: ['10.0.0.0/16'] } },
      { label: 'network-udp' },
      { label: 'network-ipencap' },
    ]);
  });

  it('are the same in another order, and not with another range', () => {
    const rules = machineRules(request);
    expect(sameRules(rules, [...rules].reverse())).toBe(true);
    expect(sameRules(rules, machineRules({ ...request, apiAllow: ['198.51.100.8/32'] }))).toBe(false);
  });
});
