import { describe, expect, it } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import { RefusedError, type SlipwayError, UsageError } from '../../../src/errors/index.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import type { Catalog, ClusterRequest, MachineProvider, Problem } from '../../../src/provider/port.js';
import { k3s } from '../../../src/distributions/k3s/index.js';
import type { Observation } from '../../../src/workflows/cluster/observe.js';
import { preflight } from '../../../src/workflows/cluster/preflight.js';
import { noStandbys } from '../../support/no-standbys.js';

const locations = [
  { name: 'fsn1', country: 'DE' },
  { name: 'hel1', country: 'FI' },
  { name: 'ash', country: 'US' },
];
const spec = (residency?: string[]) =>
  clusterSchema.parse({
    name: 'demo',
    provider: { name: 'x', ...(residency ? { residency } : {}) },
  } satisfies ClusterFile);

const request = (more: Partial<ClusterRequest> = {}): ClusterRequest => ({
  cluster: { name: 'demo', id: 'abc' },
  machines: [],
  locations: ['fsn1'],
  networkRange: '10.0.0.0/16',
  sshAllow: ['0.0.0.0/0'],
  apiAllow: ['0.0.0.0/0'],
  sshPublicKey: 'ssh-ed25519 AAAA',
  apiAddress: undefined,
  accept: [],
  encryption: 'wireguard',
  ...more,
});

const seen = (desired: ClusterRequest): Pick<Observation, 'distribution' | 'request' | 'facts' | 'bundleNeeds'> => ({
  distribution: k3s,
  bundleNeeds: () => Promise.resolve([]),
  request: desired,
  facts: {
    machines: [],
    comparison: { desired: [], current: [], missing: [], excess: [], standbys: noStandbys },
    outdated: [],
    unfit: [],
    madeBy: { config: { 'control-plane': 'c', worker: 'w' }, template: 't' },
    newcomerVersion: 'v1.36.5+k3s1',
    previews: new Map(),
    resources: [],
    nodes: undefined,
    api: undefined,
    kubeconfig: undefined,
  },
});

const problem = (code: Problem['code'], kind: Problem['kind']): Problem => ({
  code,
  kind,
  message: `${code}.`,
  hint: 'Fix it.',
});

/** What `preflight` asks of a provider, and no more. */
function provider(problems: readonly Problem[], self: string | undefined, managesFirewall = true): MachineProvider {
  const asked: Pick<MachineProvider, 'traits' | 'preflight' | 'catalog' | 'ownAddress'> = {
    traits: { ...rentedTraits, managesFirewall },
    preflight: () => Promise.resolve(problems),
    catalog: () => Promise.resolve({ locations, machineTypes: [], currency: 'EUR' } as unknown as Catalog),
    ownAddress: () => (self === undefined ? Promise.reject(new Error('no way out')) : Promise.resolve(self)),
  };
  return asked as MachineProvider;
}

const found = async (
  problems: readonly Problem[],
  desired: ClusterRequest,
  residency?: string[],
  self?: string,
): Promise<SlipwayError | undefined> =>
  preflight(provider(problems, self), spec(residency), seen(desired), new AbortController().signal).then(
    () => undefined,
    (error: SlipwayError) => error,
  );

describe('before the first change', () => {
  it('says nothing when nothing is wrong', async () => {
    expect(await found([], request())).toBeUndefined();
  });

  it('names every problem with its remedy at once', async () => {
    const error = await found([problem('UNKNOWN_TYPE', 'usage')], request({ locations: ['ash'] }), ['DE', 'FI']);
    expect(error).toBeInstanceOf(UsageError);
    expect(error?.details).toEqual([
      'UNKNOWN_TYPE.',
      '  → Fix it.',
      'provider.residency: ash is in United States (US), outside the residency DE, FI.',
      '  → Choose among: fsn1, hel1.',
    ]);
  });

  it('is a refusal, not bad usage, when the request itself is right', async () => {
    expect(await found([problem('NETWORK_FULL', 'refused'), problem('SOLD_OUT', 'refused')], request())).toBeInstanceOf(
      RefusedError,
    );
  });

  it('asks nothing more with a token that is not taken', async () => {
    const error = await found([problem('TOKEN_REJECTED', 'refused')], request({ locations: ['ash'] }), ['DE']);
    expect(error?.code).toBe('TOKEN_REJECTED');
  });

  it('refuses to make machines that this computer could not reach', async () => {
    const narrow = request({ sshAllow: ['203.0.113.0/24'] });
    expect((await found([], narrow, undefined, '198.51.100.9/32'))?.code).toBe('OWN_ADDRESS_NOT_ALLOWED');
    expect(await found([], narrow, undefined, '203.0.113.7/32')).toBeUndefined();
  });

  it('leaves who may enter to the owner of the network where no firewall of the provider’s stands', async () => {
    const narrow = seen(request({ sshAllow: ['203.0.113.0/24'] }));
    const unguarded = provider([], '198.51.100.9/32', false);
    await expect(preflight(unguarded, spec(), narrow, new AbortController().signal)).resolves.toEqual([]);
  });

  it('refuses standbys where no machine can be given another place, and says that spare hosts stand by anyway', async () => {
    const file = clusterSchema.parse({ name: 'demo', provider: { name: 'x' }, pools: [{ name: 'web', standby: 1 }] });
    const look = (owner: MachineProvider) => preflight(owner, file, seen(request()), new AbortController().signal);
    const cloud = provider([], undefined);
    const hosts = { ...cloud, title: 'your hosts', traits: { ...cloud.traits, ownsMachines: false } };
    await expect(look(hosts)).rejects.toMatchObject({
      code: 'STANDBY_UNSUPPORTED',
      message: 'your hosts has no standbys, and 1 is asked for.',
      hint: expect.stringContaining('Hosts of the file that are not needed stand by as they are') as string,
    });
    await expect(look({ ...cloud, ...{ relabel: () => Promise.reject(new Error()) } })).resolves.toEqual([]);
  });

  it('refuses a pool that scales by itself where no machines can be made', async () => {
    const pools = [{ name: 'web', autoscale: { min: 1, max: 3 } }];
    const file = clusterSchema.parse({ name: 'demo', provider: { name: 'x' }, pools });
    const look = (owner: MachineProvider) => preflight(owner, file, seen(request()), new AbortController().signal);
    const cloud = provider([], undefined);
    const hosts = { ...cloud, title: 'your hosts', traits: { ...cloud.traits, ownsMachines: false } };
    await expect(look(hosts)).rejects.toMatchObject({
      code: 'AUTOSCALE_UNSUPPORTED',
      message: 'No machines can be made at your hosts, so that web cannot have 1 to 3 of them.',
    });
    await expect(look(cloud)).resolves.toEqual([]);
  });

  it('does not judge an address that cannot be found out', async () => {
    expect(await found([], request({ sshAllow: ['203.0.113.0/24'] }))).toBeUndefined();
  });
});
