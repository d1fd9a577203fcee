import { describe, expect, it } from 'vitest';

import {
  type DrillBefore,
  drillProblems,
  type DrillSample,
  drillTimes,
  type DrillView,
  isDrillOver,
  type Role,
} from '../../src/domain/index.js';

const node = (name: string, role: Role = 'worker', ready = true) => ({ name, role, ready });
const noPods: DrillView['pods'] = { pods: [], volumeOf: new Map(), localVolumes: new Set(), budgets: [] };
const pod = (change: object = {}) => ({
  namespace: 'shop',
  name: 'web-0',
  node: 'w1',
  labels: {},
  controller: 'ReplicaSet',
  phase: 'Running',
  ready: true,
  ending: false,
  mirror: false,
  claims: [],
  ...change,
});
const servers = [1, 2, 3].map((slot) => node(`cp${slot}`, 'control-plane'));
const view = (change: Partial<DrillView> = {}): DrillView => ({
  target: node('w1'),
  nodes: [...servers, node('w1'), node('w2')],
  members: servers.map(({ name }) => ({ name, voting: true })),
  pods: noPods,
  canBeLost: true,
  ...change,
});
const server = servers[0]!;

describe('a machine is lost on purpose', () => {
  it.each<[string, Partial<DrillView>, RegExp?]>([
    ['where it is one of two workers', {}],
    ['where it is one of three servers that vote', { target: server }],
    ['where its pods are started again elsewhere', { pods: { ...noPods, pods: [pod()] } }],
    [
      'not where etcd would lose its quorum, with two members',
      { target: server, members: servers.slice(0, 2).map(({ name }) => ({ name, voting: true })) },
      /etcd would lose its quorum: 1 of 2 members would vote, and 2 are needed/,
    ],
    [
      'not where etcd would lose its quorum, with one of three silent',
      { target: server, members: servers.map(({ name }) => ({ name, voting: name !== 'cp3' })) },
      /lose its quorum/,
    ],
    [
      'not where it is the only server',
      { target: server, members: [{ name: 'cp1', voting: true }] },
      /0 of 1 member would vote/,
    ],
    ['not where nobody votes for another server', { target: server, members: undefined }, /nobody votes/],
    ['not where it is the only worker', { nodes: [...servers, node('w1')] }, /the only worker/],
    [
      'not where the other worker is not Ready',
      { nodes: [...servers, node('w1'), node('w2', 'worker', false)] },
      /w2 is not Ready already/,
    ],
    [
      'not where data lies on its own disk',
      {
        pods: {
          ...noPods,
          pods: [pod({ claims: ['data'] })],
          volumeOf: new Map([['shop/data', 'pv1']]),
          localVolumes: new Set(['pv1']),
        },
      },
      /data would be lost: shop\/web-0: claim data on volume pv1/,
    ],
    [
      'not where nothing starts a pod again',
      { pods: { ...noPods, pods: [pod({ controller: undefined })] } },
      /shop\/web-0 would be lost/,
    ],
    ['not where its host is its owner’s', { canBeLost: false }, /not ours to delete: with --by-hand/],
  ])('%s', (_, change, because) => {
    const problems = drillProblems(view(change));
    if (because) expect(problems.join('; ')).toMatch(because);
    else expect(problems).toEqual([]);
  });
});

describe('what a drill measures', () => {
  const before: DrillBefore = { attached: 1, pods: 2, readyNodes: 2 };
  const at = (
    second: number,
    cluster: Partial<NonNullable<DrillSample['cluster']>> | undefined,
    answered?: boolean,
  ): DrillSample => ({
    atMs: second * 1000,
    cluster: cluster && { noticed: false, attached: 1, podsMissing: 2, readyNodes: 1, ...cluster },
    answered,
  });
  const whole = { noticed: true, attached: 0, podsMissing: 0, readyNodes: 2 };
  const samples = [
    at(0, {}, true),
    at(1, undefined, false),
    at(2, { noticed: true }, false),
    at(3, { noticed: true, attached: 0 }, true),
    at(4, { noticed: true, attached: 0, podsMissing: 0 }, false),
    at(5, whole, true),
  ];

  it('is when each thing was first seen, and the address from its last failure on', () =>
    expect(drillTimes(samples, before)).toEqual({
      noticedMs: 2000,
      detachedMs: 3000,
      podsReadyMs: 4000,
      capacityMs: 5000,
      url: { failedSeconds: 3, answeredMs: 5000 },
    }));

  it('leaves out what was not there before, and what never came back', () => {
    const none = drillTimes([at(0, {}), at(1, { noticed: true })], { attached: 0, pods: 0, readyNodes: 2 });
    expect(none).toEqual({
      noticedMs: 1000,
      detachedMs: undefined,
      podsReadyMs: undefined,
      capacityMs: undefined,
      url: undefined,
    });
    expect(drillTimes([at(0, {}, false)], before).url).toEqual({ failedSeconds: 1, answeredMs: undefined });
  });

  it('is over once all has come back and the address was answered five times on end', () => {
    expect(isDrillOver(samples, before)).toBe(false);
    const more = [...samples, at(6, whole, true), at(7, whole, true), at(8, whole, true)];
    expect(isDrillOver(more, before)).toBe(false);
    expect(isDrillOver([...more, at(9, whole, true)], before)).toBe(true);
    expect(isDrillOver([...more, at(9, whole, false)], before)).toBe(false);
  });

  it('of a volume is noticed by whoever asks for what was on it, and over once its data are back', () => {
    const lost: DrillBefore = { attached: 1, pods: 1, data: true };
    const back = { noticed: true, attached: 0, podsMissing: 0, isDataBack: true };
    const seen = [at(0, {}, true), at(1, {}, false), at(2, { noticed: true }, false), at(3, back, true)];
    expect(drillTimes(seen, lost)).toMatchObject({ noticedMs: 1000, capacityMs: undefined, dataMs: 3000 });
    const steady = [4, 5, 6, 7].map((second) => at(second, back, true));
    expect(isDrillOver([...seen, ...steady], lost)).toBe(true);
    const without = steady.map((sample) => ({ ...sample, cluster: { ...sample.cluster!, isDataBack: false } }));
    expect(isDrillOver([...seen.slice(0, 3), ...without], lost)).toBe(false);
  });
});
