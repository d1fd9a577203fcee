import { describe, expect, it } from 'vitest';

import type { Machine } from '../../../src/domain/index.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import { addressProblems, refuseMovedAddress } from '../../../src/workflows/cluster/api-address.js';

const spec = (address: string | undefined) =>
  clusterSchema.parse({
    name: 'rack',
    provider: { name: 'x' },
    kubernetes: { api: address === undefined ? {} : { address } },
  } satisfies ClusterFile);

const bare = { title: 'Bare metal', kubernetesIntegration: { serviceLoadBalancer: 'nodes' as const } };
const cloud = { title: 'A cloud', kubernetesIntegration: { serviceLoadBalancer: 'provider' as const } };
const nothing = { machines: [], resources: [] };
const machine = (publicAddress: string, privateAddress: string): Machine =>
  ({ name: 'rack-cp-1', publicAddress, privateAddress }) as Machine;

const a = machine('192.0.2.2', '10.0.0.12');
const taken = ['API_ADDRESS_TAKEN'];

describe('an address reserved for the API is refused', () => {
  const codes = (...args: Parameters<typeof addressProblems>): string[] =>
    addressProblems(...args).map(({ code }) => code);

  it.each<[string, Parameters<typeof addressProblems>, string[]]>([
    ['never where none is reserved', [spec(undefined), nothing, cloud], []],
    ['not where machines have others', [spec('10.0.0.5'), { machines: [a], resources: [] }, bare], []],
    ['at a provider with load balancers', [spec('10.0.0.5'), nothing, cloud], ['API_ADDRESS_NOT_NEEDED']],
    [
      'where a balancer stands before the API',
      [spec('10.0.0.5'), { machines: [], resources: [{ role: { kind: 'api-balancer' } }] as never }, bare],
      ['API_ADDRESS_NOT_NEEDED'],
    ],
    ['when it is where a machine is entered', [spec('192.0.2.2'), { machines: [a], resources: [] }, bare], taken],
    ['when it is a machine’s private one', [spec('10.0.0.12'), { machines: [a], resources: [] }, bare], taken],
    ['inside the range of pods', [spec('10.42.3.4'), nothing, bare], ['API_ADDRESS_INSIDE']],
    ['inside the range of services', [spec('10.43.0.1'), nothing, bare], ['API_ADDRESS_INSIDE']],
  ])('%s', (_what, args, expected) => {
    expect(codes(...args)).toEqual(expected);
    for (const problem of addressProblems(...args)) expect(problem).toMatchObject({ kind: 'refused' });
  });
});

describe('the address of a cluster', () => {
  const nodes = new Map([['rack-cp-1', {} as NodeFacts]]);
  const move =
    (before: string | undefined, now: string | undefined, found: typeof nodes | undefined = nodes) =>
    () =>
      refuseMovedAddress(spec(before), spec(now), { nodes: found });

  it('stays once nodes know it', () => {
    expect(move('10.0.0.5', '10.0.0.6')).toThrow(expect.objectContaining({ code: 'API_ADDRESS_FIXED', exitCode: 3 }));
    expect(move('10.0.0.5', undefined)).toThrow(/without it they would lose it/);
    expect(move('10.0.0.5', '10.0.0.5')).not.toThrow();
  });

  it('may come later, and be another as long as no node is there', () => {
    expect(move(undefined, '10.0.0.5')).not.toThrow();
    expect(move('10.0.0.5', '10.0.0.6', new Map())).not.toThrow();
    expect(() => refuseMovedAddress(spec('10.0.0.5'), spec(undefined), { nodes: undefined })).not.toThrow();
  });
});
