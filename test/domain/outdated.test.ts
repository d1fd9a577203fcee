import { describe, expect, it } from 'vitest';

import {
  diffMachines,
  isReplacedByApply,
  leftBySteps,
  type Machine,
  newcomerVersion,
  outdatedBeside,
  outdatedMachines,
  reinstalledVersion,
} from '../../src/domain/index.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../src/domain/spec/schema.js';

const defaults = { controlPlaneType: 'cax21', workerType: 'cax21', location: 'fsn1', image: 'ubuntu-26.04' };
const spec = (file: Partial<ClusterFile> = {}) =>
  clusterSchema.parse({
    name: 'demo',
    provider: { name: 'hetzner' },
    kubernetes: { version: 'v1.36.5+k3s1' },
    pools: [{ name: 'web' }],
    ...file,
  });

/** The machines of a file as if they had been made, and then changed. */
function machines(change: Partial<Machine> = {}): readonly Machine[] {
  const { desired } = diffMachines({ name: 'demo', id: 'abc123' }, spec(), defaults, []);
  return desired.map(({ types, image, ...machine }) => ({
    ...machine,
    id: machine.name,
    type: types[0]!,
    imageNames: [image, '371250114'],
    status: 'running',
    publicAddress: undefined,
    privateAddress: undefined,
    createdAt: '2026-11-20T10:00:00Z',
    ...change,
  }));
}

const running = (version: string) => () => ({ observed: { version } });
const nothing = () => ({ observed: {} });
const told = (...args: Parameters<typeof outdatedMachines>) =>
  outdatedMachines(...args).map(({ slot, needs, reasons }) => [slot, needs, reasons.map(({ reason }) => reason)]);

describe('outdatedMachines', () => {
  it('finds none when every machine is and runs what the file asks for', () => {
    expect(told(spec(), defaults, machines(), running('v1.36.5+k3s1'))).toEqual([]);
  });

  it('finds every node that runs an older release, and says that it takes an upgrade', () => {
    expect(told(spec(), defaults, machines(), running('v1.35.0+k3s1'))).toEqual([
      ['cp-1', ['cluster upgrade'], ['version']],
      ['web-1', ['cluster upgrade'], ['version']],
    ]);
  });

  it('gives them in the order of slots, however the provider lists them', () => {
    const listed = [...machines()].reverse();
    expect(told(spec(), defaults, listed, running('v1.35.0+k3s1')).map(([slot]) => slot)).toEqual(['cp-1', 'web-1']);
  });

  it('finds machines of another type, image or place, and says that they take a recycle', () => {
    const file = spec({
      image: 'debian-13',
      provider: { name: 'hetzner', locations: ['nbg1'] },
      pools: [{ name: 'web', type: ['cax31', 'cax41'] }],
    });
    expect(told(file, defaults, machines(), running('v1.36.5+k3s1'))).toEqual([
      ['cp-1', ['cluster recycle'], ['image', 'location']],
      ['web-1', ['cluster recycle'], ['type', 'image', 'location']],
    ]);
  });

  it('takes a fallback type and any of the locations for what was asked', () => {
    const file = spec({
      provider: { name: 'hetzner', locations: ['nbg1', 'fsn1'] },
      pools: [{ name: 'web', type: ['cax31', 'cax21'] }],
    });
    expect(told(file, defaults, machines(), running('v1.36.5+k3s1'))).toEqual([]);
  });

  it('says nothing of versions while no node tells, nor of images where the provider does not', () => {
    expect(told(spec({ image: 'debian-13' }), defaults, machines({ imageNames: undefined }), nothing)).toEqual([]);
  });

  it('takes hosts that were there before as they are, but for what they run', () => {
    const hosts = machines({ host: 'rack-a', type: 'any', location: 'any' });
    expect(told(spec(), defaults, hosts, running('v1.36.5+k3s1'))).toEqual([]);
    expect(told(spec(), defaults, hosts, running('v1.35.0+k3s1'))).toEqual([
      ['cp-1', ['cluster upgrade'], ['version']],
      ['web-1', ['cluster upgrade'], ['version']],
    ]);
  });

  it('leaves machines of pools that are gone to their removal', () => {
    expect(told(spec({ pools: [] }), defaults, machines({ type: 'cx23' }), nothing)).toEqual([
      ['cp-1', ['cluster recycle'], ['type']],
    ]);
  });
});

describe('what is left of outdated machines once some are replaced', () => {
  const outdated = outdatedMachines(
    spec({ image: 'debian-13', kubernetes: { version: 'v1.36.5+k3s1' } }),
    defaults,
    machines(),
    () => ({ desired: { config: 'c0ffee' }, observed: { config: 'decade', version: 'v1.35.0+k3s1' } }),
  );
  const left = (...replaced: string[]) =>
    outdatedBeside(
      outdated,
      new Set(outdated.flatMap((one) => (replaced.includes(one.slot) ? [one.machine] : []))),
    ).map(({ slot, needs, remedy, reasons }) => [slot, needs, remedy, reasons.map(({ reason }) => reason)]);

  it('is all of those that stay', () => {
    const all = ['version', 'image', 'config'];
    const needs = ['cluster apply', 'cluster upgrade', 'cluster recycle'];
    expect(left()).toEqual([
      ['cp-1', needs, 'replace', all],
      ['web-1', needs, 'replace', all],
    ]);
  });

  it('is the release that the servers run, and of a server the settings that it has from the others', () => {
    expect(left('cp-1', 'web-1')).toEqual([
      ['cp-1', ['cluster apply', 'cluster upgrade'], 'in-place', ['version', 'config']],
      ['web-1', ['cluster upgrade'], 'in-place', ['version']],
    ]);
  });

  it('is nothing where only the machine differed', () => {
    const [first] = outdatedMachines(spec({ image: 'debian-13' }), defaults, machines(), nothing);
    expect(isReplacedByApply(first!)).toBe(true);
    expect(outdatedBeside([first!], new Set([first!.machine]))).toEqual([]);
  });

  it('is a configuration that differs, for which apply replaces nothing', () => {
    const config = () => ({ desired: { config: 'c0ffee' }, observed: { config: 'decade' } });
    expect(outdatedMachines(spec(), defaults, machines(), config).map(isReplacedByApply)).toEqual([false, false]);
  });
});

describe('machines that are not as the file asks for', () => {
  const all = (known: Parameters<typeof outdatedMachines>[3], change?: Partial<Machine>) =>
    outdatedMachines(spec(), defaults, machines(change).slice(0, 1), known);

  it.each<[string, ReturnType<Parameters<typeof outdatedMachines>[3]>, Partial<Machine>, readonly string[], string]>([
    [
      'another configuration',
      { desired: { config: 'c0ffee' }, observed: { config: 'decade' } },
      {},
      ['cluster apply'],
      'config',
    ],
    [
      'a setting that cannot change',
      { desired: { fixed: 'vxlan' }, observed: { fixed: 'wireguard-native' } },
      {},
      [],
      'fixed',
    ],
    [
      'another template',
      { desired: { template: 'c0ffee' }, observed: { template: 'decade' } },
      {},
      ['cluster recycle'],
      'template',
    ],
    [
      'other labels',
      { desired: { labels: { tier: 'web' } }, observed: { labels: {} } },
      {},
      ['cluster apply'],
      'labels',
    ],
    [
      'a mark for removal, whatever else',
      { observed: { version: 'v1.35.0+k3s1' } },
      { markedForRemoval: true },
      ['cluster apply'],
      'marked',
    ],
  ])('are told with what it takes: %s', (_, known, change, needs, reason) => {
    const [found] = all(() => known, change);
    expect(found).toMatchObject({ slot: 'cp-1', needs, reasons: [{ reason }] });
    expect(leftBySteps([found!])).toHaveLength(reason === 'labels' || reason === 'marked' ? 0 : 1);
  });

  it('are not called so where they were made before hashes were kept', () => {
    const desired = { config: 'c0ffee', template: 'c0ffee' };
    expect(all(() => ({ desired, observed: { version: 'v1.36.5+k3s1' } }))).toEqual([]);
  });

  it('have no template where they were there before', () => {
    const known = () => ({ desired: { template: 'c0ffee' }, observed: { template: 'decade' } });
    expect(all(known, { host: 'rack-a' })).toEqual([]);
  });

  it('are told of what apply leaves alone, beside what it does', () => {
    const both = { desired: { labels: { tier: 'web' } }, observed: { labels: {}, version: 'v1.35.0+k3s1' } };
    expect(leftBySteps(all(() => both))).toMatchObject([{ reasons: [{ reason: 'version' }] }]);
  });

  it('are not those whose slot is no longer asked for', () => {
    expect(all(nothing, { slot: 2, markedForRemoval: true })).toEqual([]);
  });
});

describe('the release of machines that join', () => {
  it.each([
    ['the file’s, before any server runs', [], 'v1.36.5+k3s1'],
    ['what the servers run', ['v1.35.0+k3s1', 'v1.35.0+k3s1'], 'v1.35.0+k3s1'],
    ['the lowest, while servers differ', ['v1.36.5+k3s1', 'v1.35.0+k3s2', 'v1.35.0+k3s10'], 'v1.35.0+k3s2'],
  ])('is %s', (_title, servers, version) => {
    expect(newcomerVersion('v1.36.5+k3s1', servers)).toBe(version);
  });

  it('is never older than what a machine had whose k3s is installed again', () => {
    expect(reinstalledVersion('v1.35.0+k3s1', 'v1.36.5+k3s1')).toBe('v1.36.5+k3s1');
    expect(reinstalledVersion('v1.35.0+k3s1', 'v1.34.0+k3s1')).toBe('v1.35.0+k3s1');
    expect(reinstalledVersion('v1.35.0+k3s1', undefined)).toBe('v1.35.0+k3s1');
  });
});
