import { describe, expect, it } from 'vitest';

import { judge } from '../../../../providers/hetzner/preflight/index.js';
import {
  emptyInventory,
  facts,
  machine,
  network,
  ours,
  publicKey,
  request,
  server,
  serverType,
  theirs,
} from '../support/fixtures.js';

const codes = (...args: Parameters<typeof judge>): string[] =>
  judge(...args)
    .map((problem) => problem.code)
    .sort();
const gone = { announced: '2026-01-01T00:00:00Z', unavailable_after: '2026-11-01T00:00:00Z' };
const going = { announced: '2026-11-01T00:00:00Z', unavailable_after: '2027-06-01T00:00:00Z' };

describe('machine types', () => {
  it('of both architectures may stand side by side', () => {
    expect(
      codes(request([machine(1), machine(2, { types: ['cx33'] }), machine(3, { types: ['cax21', 'cx33'] })]), facts()),
    ).toEqual([]);
  });

  it('suggest what was meant, from what can still be ordered', () => {
    const types = [serverType('cax21'), serverType('cax22', { deprecation: gone })];
    const [problem] = judge(request([machine(1, { types: ['cax20'] })]), facts({ types }));
    expect(problem?.message).toBe('Hetzner has no machine type cax20. Did you mean cax21?');
    expect(problem?.hint).toBe('Types that can be ordered: cax21.');
  });

  it('suggest nothing when nothing is near', () => {
    expect(judge(request([machine(1, { types: ['m5.large'] })]), facts())[0]?.message).toBe(
      'Hetzner has no machine type m5.large.',
    );
  });

  it('that ended are told from those that will end', () => {
    const ended = facts({ types: [serverType('cax21', { deprecation: gone })] });
    const ending = facts({ types: [serverType('cax21', { deprecation: going })] });
    expect(judge(request([machine()]), ended)).toMatchObject([
      { code: 'TYPE_ENDED', kind: 'usage', message: expect.stringContaining('2026-11-01') as unknown },
    ]);
    expect(codes(request([machine()]), ending)).toEqual([]);
  });

  it('may end at one location only', () => {
    const places = [
      { name: 'fsn1', available: true, deprecation: gone },
      { name: 'nbg1', available: true, deprecation: null },
    ];
    const types = [serverType('cax21', { locations: places })];
    const [problem] = judge(request([machine()]), facts({ types }));
    expect(problem).toMatchObject({ code: 'TYPE_ENDED', hint: expect.stringContaining('cax21 at nbg1') as unknown });
    expect(codes(request([machine(1, { location: 'nbg1' })], { locations: ['nbg1'] }), facts({ types }))).toEqual([]);
  });

  it('that are sold out are refused, and only for machines that do not exist', () => {
    const places = [{ name: 'fsn1', available: false, deprecation: null }];
    const types = [serverType('cax21', { locations: places })];
    expect(judge(request([machine()]), facts({ types }))).toMatchObject([{ code: 'SOLD_OUT', kind: 'refused' }]);
    const servers = [server(1, ours, { name: machine().name })];
    expect(codes(request([machine()]), facts({ types, servers }))).toEqual([]);
  });

  it('need an image of their architecture, fallbacks too', () => {
    const desired = machine(1, { image: 'debian-13', types: ['cx33', 'cax21'] });
    expect(judge(request([desired]), facts())).toMatchObject([
      { code: 'IMAGE_ARCHITECTURE', message: 'The image debian-13 does not exist for arm64, which cax21 needs.' },
    ]);
  });

  it('take a snapshot by its number', () => {
    const images = [{ id: 4711, name: null, architecture: 'arm', status: 'available' } as const];
    expect(codes(request([machine(1, { image: '4711' })]), facts({ images }))).toEqual([]);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/16', []],
    ['192.168.7.0/24', []],
    ['172.16.0.0/12', []],
    ['192.168.7.0/25', ['NETWORK_RANGE']],
    ['203.0.113.0/24', ['NETWORK_RANGE']],
    ['10.0.0.0/7', ['NETWORK_RANGE']],
    ['fd00::/64', ['NETWORK_RANGE']],
  ])('%s: %j', (networkRange, expected) => {
    expect(codes(request([machine()], { networkRange }), facts())).toEqual(expected);
  });

  it('may grow, and not move', () => {
    const found = { ...emptyInventory, networks: [network(40, ours)] };
    expect(codes(request([machine()], { networkRange: '10.0.0.0/8' }), facts({ found }))).toEqual([]);
    expect(judge(request([machine()], { networkRange: '10.1.0.0/16' }), facts({ found }))).toMatchObject([
      { code: 'NETWORK_RANGE_CHANGED', kind: 'refused', path: 'network.range' },
    ]);
  });

  it('count the API’s balancer only when there is one', () => {
    const workers = (count: number) => Array.from({ length: count }, (_, i) => machine(i + 1));
    const cp = (count: number) => Array.from({ length: count }, (_, i) => machine(i + 1, { pool: 'cp' }));
    expect(codes(request([...cp(1), ...workers(99)]), facts())).toEqual([]);
    expect(codes(request([...cp(1), ...workers(100)]), facts())).toEqual(['NETWORK_FULL']);
    expect(codes(request([...cp(3), ...workers(97)]), facts())).toEqual(['NETWORK_FULL']);
    expect(codes(request([...cp(3), ...workers(200)]), facts({ networkLimit: 1000 }))).toEqual([]);
  });

  it('have firewalls whose rules take a hundred ranges', () => {
    const sshAllow = Array.from({ length: 101 }, (_, i) => `203.0.113.${i}/32`);
    expect(judge(request([machine()], { sshAllow }), facts())).toMatchObject([
      { code: 'TOO_MANY_RANGES', path: 'ssh.allow' },
    ]);
  });
});

describe('names', () => {
  it('that belong to another cluster of the same name are taken', () => {
    const found = {
      ...emptyInventory,
      networks: [network(40, theirs)],
      firewalls: [{ id: 50, name: 'demo-firewall', rules: [], labels: {} }],
    };
    const problems = judge(
      request([machine()]),
      facts({ found, servers: [server(1, theirs, { name: machine().name })] }),
    );
    expect(problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining(`server ${machine().name} (id 1)`),
      expect.stringContaining('network demo-network (id 40)'),
      expect.stringContaining('firewall demo-firewall (id 50)'),
    ]);
  });

  it('that are our own are not', () => {
    const found = { ...emptyInventory, networks: [network(40, ours)] };
    expect(codes(request([machine()]), facts({ found, servers: [server(1, ours, { name: machine().name })] }))).toEqual(
      [],
    );
  });

  it('must be host names of at most 63 characters', () => {
    expect(codes(request([machine(1, { name: 'a'.repeat(63) }), machine(2, { name: 'a_b' })]), facts())).toEqual([
      'NAME_FORM',
    ]);
    expect(codes(request([machine(1, { name: 'a'.repeat(64) })]), facts())).toEqual(['NAME_TOO_LONG']);
  });

  it('of SSH keys matter less than the key itself', () => {
    const fingerprint = '65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd';
    const other = '11:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd';
    const judged = (name: string, print: string, labels: Record<string, string>): string[] =>
      codes(
        request([machine()], { sshPublicKey: publicKey }),
        facts({ found: { ...emptyInventory, sshKeys: [{ id: 1, name, fingerprint: print, labels }] } }),
      );
    expect(judged('laptop', fingerprint, {})).toEqual(['SSH_KEY_TAKEN']);
    expect(judged('renamed', fingerprint, ours)).toEqual([]);
    expect(judged('demo-ssh', other, {})).toEqual(['NAME_TAKEN']);
    expect(judged('demo-ssh', other, ours)).toEqual([]);
    expect(judged('laptop', other, {})).toEqual([]);
  });
});

it('everything wrong is said at once', () => {
  const desired = request([machine(1, { types: ['cax99'], location: 'mars1', image: 'windows-95' })], {
    locations: ['fsn1', 'ash'],
    networkRange: '8.8.8.0/24',
  });
  expect(codes(desired, facts())).toEqual([
    'NETWORK_RANGE',
    'UNKNOWN_IMAGE',
    'UNKNOWN_LOCATION',
    'UNKNOWN_TYPE',
    'ZONES_APART',
  ]);
});
