import { describe, expect, it } from 'vitest';

import { addressProblems } from '../../../../providers/ssh/preflight/index.js';
import type { ObservedHost } from '../../../../providers/ssh/inventory.js';
import { cluster, host } from '../support.js';

const rack = host('rack1', { address: '192.0.2.1', privateAddress: '10.0.0.11' });
const seen = (change: Partial<ObservedHost> = {}): ObservedHost => ({
  host: rack,
  listed: true,
  claim: undefined,
  known: true,
  ...change,
});
const claimedBy = (id: string): Partial<ObservedHost> => ({
  claim: { cluster: { name: 'demo', id }, machine: 'demo-cp-1' } as NonNullable<ObservedHost['claim']>,
});
const codes = (apiAddress: string | undefined, one = seen()): string[] =>
  addressProblems({ apiAddress, cluster }, [one]).map(({ code }) => code);

describe('an address reserved for the API', () => {
  it('is refused when a host of the file has it, on either side', () => {
    expect(codes('192.0.2.1')).toEqual(['API_ADDRESS_TAKEN']);
    expect(codes('10.0.0.11')).toEqual(['API_ADDRESS_TAKEN']);
    expect(codes('10.0.0.11', seen(claimedBy('another')))).toEqual(['API_ADDRESS_TAKEN']);
  });

  it('is taken where no host has it, and where none is reserved there is nothing to say', () => {
    expect(codes('10.0.0.5')).toEqual([]);
    expect(codes(undefined)).toEqual([]);
  });

  it('is left to the plan where the host is a machine of the cluster, and to its owner where the file lacks it', () => {
    expect(codes('10.0.0.11', seen(claimedBy(cluster.id)))).toEqual([]);
    expect(codes('10.0.0.11', seen({ listed: false }))).toEqual([]);
  });
});
