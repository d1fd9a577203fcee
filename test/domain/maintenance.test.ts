import { describe, expect, it } from 'vitest';

import {
  agreements,
  dueJobs,
  type JobVerdict,
  judgeJobs,
  type MaintainJob,
  type MaintenanceFacts,
  newerReleases,
  type RoundTerms,
} from '../../src/domain/index.js';
import { askingPolicy, type MaintainPolicy, maintainSchema } from '../../src/domain/spec/maintain.js';

const day = 24 * 3_600_000;
/** A Thursday. */
const now = Date.parse('2026-11-26T12:00:00Z');
const inDays = (days: number): string => new Date(now + days * day).toISOString();
const policy = (change: Parameters<typeof maintainSchema.parse>[0] = {}): MaintainPolicy =>
  maintainSchema.parse(change);

const channels = new Map([
  ['stable', 'v1.36.5+k3s1'],
  ['v1.34', 'v1.34.9+k3s1'],
  ['v1.35', 'v1.35.7+k3s2'],
  ['v1.36', 'v1.36.6+k3s1'],
  ['v1.37', 'v1.37.1+k3s1'],
]);

/** A cluster for which nothing is due. */
const well: MaintenanceFacts = {
  problems: [],
  certificates: [{ machine: 'demo-cp-1', path: 'server.crt', until: inDays(300) }],
  backup: { everyMs: day, ageMs: 1000, drillEveryMs: 7 * day, unproven: [], provenMs: day },
  version: 'v1.36.6+k3s1',
  channels,
  components: [],
  reboots: [],
  tokensAgeMs: day,
  keyAgeMs: day,
  begun: {},
};

const due = (change: Partial<MaintenanceFacts>, by = policy()): readonly string[] =>
  dueJobs({ ...well, ...change }, by, now).map(({ job, what }) => `${job} ${what}`);

describe('what is due', () => {
  it.each<[string, Partial<MaintenanceFacts>, readonly string[]]>([
    ['nothing of a cluster that is up to date', {}, []],
    [
      'certificates 90 days before the first one ends',
      { certificates: [...well.certificates, { machine: 'demo-web-1', path: 'kubelet.crt', until: inDays(89) }] },
      ['certificates 2027-02-23'],
    ],
    ['a backup that is as old as it may be', { backup: { ...well.backup!, ageMs: day } }, ['backup backup']],
    ['the first backup', { backup: { ...well.backup!, ageMs: undefined } }, ['backup backup']],
    ['a drill after a week', { backup: { ...well.backup!, provenMs: 7 * day } }, ['drill drill']],
    [
      'a drill of a copy that was never brought back',
      { backup: { ...well.backup!, unproven: ['volume of shop/db'], provenMs: undefined } },
      ['drill drill'],
    ],
    ['no backup where the file asks for none', { backup: undefined }, []],
    ['a patch of the minor that runs', { version: 'v1.36.4+k3s1' }, ['patch v1.36.6+k3s1']],
    ['a newer build of the same patch', { version: 'v1.35.7+k3s1' }, ['patch v1.35.7+k3s2', 'minor v1.36.6+k3s1']],
    ['the next minor, not the one after it', { version: 'v1.34.9+k3s1' }, ['minor v1.35.7+k3s2']],
    ['no minor that is not stable yet', { version: 'v1.36.6+k3s1' }, []],
    ['no release where nobody tells of any', { version: 'v1.34.9+k3s1', channels: undefined }, []],
    ['components that differ', { components: ['traefik', 'loki'] }, ['components traefik, loki']],
    [
      'machines that wait for a reboot',
      { reboots: [{ machine: 'demo-web-1', because: 'linux-image' }] },
      ['system demo-web-1'],
    ],
    [
      'tokens and a key after a year',
      { tokensAgeMs: 365 * day, keyAgeMs: 366 * day },
      ['tokens rotation', 'ssh-key rotation'],
    ],
    [
      'an upgrade that was not finished, in place of newer ones',
      { version: 'v1.35.6+k3s1', begun: { upgrade: { to: 'v1.36.5+k3s1', by: 'by a round' } } },
      ['minor v1.36.5+k3s1'],
    ],
    [
      'rotations that were not finished',
      { begun: { certificates: 'by somebody', tokens: 'by a round', sshKey: 'by a round' } },
      ['certificates rotation', 'tokens rotation', 'ssh-key rotation'],
    ],
  ])('%s', (_, change, expected) => {
    expect(due(change)).toEqual(expected);
  });

  it('comes in an order in which backups are taken before nodes are touched', () => {
    const all: Partial<MaintenanceFacts> = {
      certificates: [{ machine: 'demo-cp-1', path: 'server.crt', until: inDays(20) }],
      backup: { ...well.backup!, ageMs: undefined, provenMs: undefined },
      version: 'v1.35.6+k3s1',
      components: ['traefik'],
      reboots: [{ machine: 'demo-web-1', because: 'linux-image' }],
      tokensAgeMs: 400 * day,
      keyAgeMs: 400 * day,
    };
    expect(due(all).map((line) => line.split(' ')[0])).toEqual([
      'backup',
      'drill',
      'certificates',
      'patch',
      'minor',
      'components',
      'system',
      'tokens',
      'ssh-key',
    ]);
  });
});

const terms: RoundTerms = { now, approved: new Set(), agreed: [], mayAsk: false, failed: undefined };
const judged = (
  change: Partial<MaintenanceFacts>,
  by = policy(),
  how: Partial<RoundTerms> = {},
): Readonly<Record<string, JobVerdict['does']>> => {
  const facts = { ...well, ...change };
  const verdicts = judgeJobs(dueJobs(facts, by, now), facts.problems, by, { ...terms, ...how });
  return Object.fromEntries(verdicts.map(({ job, does }) => [job, does]));
};
const behind: Partial<MaintenanceFacts> = {
  version: 'v1.35.6+k3s1',
  backup: { ...well.backup!, ageMs: undefined },
};
const approved = (...jobs: readonly MaintainJob[]) => ({ approved: new Set(jobs) });

describe('what a round does', () => {
  it('is a patch by itself, and a minor only once a person has agreed', () => {
    expect(judged(behind)).toEqual({ backup: 'run', patch: 'run', minor: 'ask' });
    expect(judged(behind, policy(), approved('minor'))).toEqual({ backup: 'run', patch: 'run', minor: 'run' });
    expect(judged(behind, policy(), { mayAsk: true })).toEqual({ backup: 'run', patch: 'run', minor: 'run' });
    expect(judged(behind, policy({ patch: 'never', minor: 'auto' }))).toMatchObject({ patch: 'leave', minor: 'run' });
    expect(judged(behind, askingPolicy())).toEqual({ backup: 'run', patch: 'ask', minor: 'ask' });
  });

  it('waits for a window where it disturbs nodes, and takes backups at any time', () => {
    const nights = (...days: string[]) =>
      policy({ timeZone: 'Europe/Berlin', windows: [{ days, from: '12:30', to: '14:00' }] });
    // It is 13:00 in Berlin.
    expect(judged(behind, nights('thu'))).toMatchObject({ backup: 'run', patch: 'run' });
    expect(judged(behind, nights('fri'))).toMatchObject({ backup: 'run', patch: 'wait', minor: 'ask' });
    expect(judged(behind, nights('fri'), approved('minor'))).toMatchObject({ minor: 'wait' });
  });

  it('leaves the nodes of a cluster that is not well alone', () => {
    const ill = { ...behind, problems: ['demo-web-1 is not Ready: unknown'] };
    expect(judged(ill)).toEqual({ backup: 'run', patch: 'refuse', minor: 'ask' });
    expect(judged(ill, policy(), { mayAsk: true })).toEqual({ backup: 'run', patch: 'refuse', minor: 'refuse' });
  });

  it('renews certificates that have expired whatever else is wrong, and whenever it is', () => {
    const expired: Partial<MaintenanceFacts> = {
      problems: ['the Kubernetes API does not answer'],
      certificates: [{ machine: 'demo-cp-1', path: 'server.crt', until: inDays(-1) }],
    };
    const closed = policy({ windows: [{ days: ['fri'], from: '01:00', to: '02:00' }] });
    expect(judged(expired, closed)).toEqual({ certificates: 'run' });
    const soon = { certificates: [{ machine: 'demo-cp-1', path: 'server.crt', until: inDays(20) }] };
    expect(judged({ ...expired, ...soon }, closed)).toEqual({ certificates: 'refuse' });
    expect(judged(soon, closed)).toEqual({ certificates: 'wait' });
  });

  it('goes on with what a person agreed to before a window was open, and with nothing newer', () => {
    const closed = policy({ windows: [{ days: ['fri'], from: '01:00', to: '02:00' }] });
    const jobs = dueJobs({ ...well, ...behind }, policy(), now);
    const agreed = agreements(jobs, { approved: new Set<MaintainJob>(['minor', 'tokens']), agreed: [] }, true);
    expect(agreed).toEqual([{ job: 'minor', what: 'v1.36.6+k3s1' }]);
    expect(judged(behind, closed, { agreed })).toMatchObject({ minor: 'wait' });
    expect(judged(behind, policy(), { agreed })).toMatchObject({ minor: 'run' });
    expect(judged(behind, policy({ minor: 'never' }), { agreed })).toMatchObject({ minor: 'leave' });
    const newer = { ...behind, channels: new Map([...channels, ['v1.36', 'v1.36.7+k3s1']]) };
    expect(judged(newer, policy(), { agreed })).toMatchObject({ minor: 'ask' });
    const others = dueJobs({ ...well, ...newer }, policy(), now);
    const none = { approved: new Set<MaintainJob>(), agreed };
    expect(agreements(others, none, true)).toEqual([]);
    expect(agreements([], none, false), 'the channels did not answer').toEqual(agreed);
  });

  it('goes on with what a round before it began, and does nothing else before that', () => {
    const begun = (by: 'by a round' | 'by somebody') => ({
      version: 'v1.36.4+k3s1',
      components: ['traefik'],
      problems: [],
      begun: { upgrade: { to: 'v1.36.5+k3s1', by } },
    });
    expect(judged({ ...begun('by a round'), problems: ['demo-web-1 is not Ready: unknown'] })).toEqual({
      patch: 'run',
      components: 'refuse',
    });
    expect(judged(begun('by somebody'))).toEqual({ patch: 'ask', components: 'refuse' });
    expect(judged(begun('by somebody'), policy(), approved('patch'))).toEqual({ patch: 'run', components: 'run' });
  });

  it('does not try again by itself what failed in the round before', () => {
    const failed = { job: 'patch', what: 'v1.36.6+k3s1', message: 'a node did not come up' } as const;
    expect(judged({ version: 'v1.36.4+k3s1' }, policy(), { failed })).toEqual({ patch: 'ask' });
    expect(judged({ version: 'v1.36.4+k3s1' }, policy(), { failed, ...approved('patch') })).toEqual({ patch: 'run' });
    // A newer release is another thing.
    expect(judged({ version: 'v1.36.4+k3s1' }, policy(), { failed: { ...failed, what: 'v1.36.5+k3s1' } })).toEqual({
      patch: 'run',
    });
  });
});

describe('releases', () => {
  it('candidates are neither patches nor minors to be brought', () => {
    const candidates = new Map([
      ['stable', 'v1.37.0-rc1+k3s1'],
      ['v1.36', 'v1.36.7-rc1+k3s1'],
      ['v1.37', 'v1.37.0-rc1+k3s1'],
    ]);
    expect(newerReleases('v1.36.6+k3s1', candidates)).toEqual({ patch: undefined, minor: undefined });
  });
});

describe('the section maintain: of a cluster file', () => {
  it.each([
    ['a zone that is none', { timeZone: 'Europe/Nowhere' }],
    ['a time that no clock shows', { windows: [{ from: '24:00', to: '25:00' }] }],
    ['a word that allows nothing', { patch: 'yes' }],
    ['no nodes at all', { maxUnavailable: '0' }],
    ['an age without a unit', { rotateAfter: '365' }],
  ])('refuses %s', (_, section) => {
    expect(maintainSchema.safeParse(section).success).toBe(false);
  });
});
