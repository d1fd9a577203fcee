import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadClusterFile, parseCluster } from '../../src/config/cluster-file.js';
import { SlipwayError } from '../../src/errors/index.js';

const lines = (text: string): readonly string[] => {
  try {
    parseCluster(text, 'cluster.yaml');
  } catch (error) {
    if (error instanceof SlipwayError) return error.details;
    throw error;
  }
  return [];
};

const head = 'name: demo\nprovider: {name: sandbox}\n';

describe('a cluster file that is sound', () => {
  it('needs no more than a name and a provider; every default is filled in', () => {
    const spec = parseCluster(head, 'cluster.yaml');
    expect(spec).toMatchObject({
      apiVersion: 'slipway.dev/v1',
      kind: 'Cluster',
      controlPlane: { count: 1 },
      pools: [],
      network: { range: '10.0.0.0/16', pods: '10.42.0.0/16', services: '10.43.0.0/16', encryption: 'wireguard' },
      ssh: { allow: ['self'] },
      kubernetes: { distribution: 'k3s', api: { allow: ['self'] } },
    });
    expect(spec.components).toBeUndefined();
  });

  it('relies on no more machines of a pool that scales by itself than it always has', () => {
    const spec = parseCluster(`${head}pools: [{name: a, standby: 1, autoscale: {min: 2, max: 5}}]\n`, 'cluster.yaml');
    expect(spec.pools).toMatchObject([{ count: 2, standby: 1, autoscale: { min: 2, max: 5 } }]);
  });

  it('takes a type as text or as an ordered list of fallbacks', () => {
    const spec = parseCluster(
      `${head}pools: [{name: a, type: cax11}, {name: b, type: [cax31, cax21]}]\n`,
      'cluster.yaml',
    );
    expect(spec.pools.map(({ type }) => type)).toEqual([['cax11'], ['cax31', 'cax21']]);
  });
});

describe('a cluster file with mistakes', () => {
  it.each<[what: string, text: string, expected: readonly string[]]>([
    [
      'a misspelt key',
      `${head}controlPlan: {count: 3}\n`,
      ['cluster.yaml:3:1  controlPlan: unknown key; did you mean controlPlane?'],
    ],
    [
      'an even number of control planes',
      `${head}controlPlane:\n  count: 2\n`,
      [
        'cluster.yaml:4:10  controlPlane.count: 2 is not allowed: 1, 3 or 5, since an even number survives no more failures than one less',
      ],
    ],
    ['a key without a value', 'name: demo\nprovider: {name: sandbox}\nimage:\n', ['image: has no value']],
    ['a missing name', 'provider: {name: sandbox}\n', ['name: required, but missing']],
    ['a number in quotes', `${head}pools: [{name: a, count: "3"}]\n`, ['write it without quotes']],
    ['an unquoted number where text belongs', `${head}image: 24\n`, ['write it in quotes']],
    [
      'ranges that overlap',
      `${head}network:\n  range: 10.42.0.0/16\n`,
      ['network.pods: the default 10.42.0.0/16 is not allowed: a range apart from network.range'],
    ],
    ['two pools of one name', `${head}pools: [{name: a}, {name: a}]\n`, ['pools[0] is called a too']],
    ['a label of Kubernetes’ own', `${head}pools: [{name: a, labels: {k8s.io/x: y}}]\n`, ['reserved']],
    ['a public private network', `${head}network: {range: 8.8.0.0/16}\n`, ['a private range']],
    [
      'a pool outside the provider’s locations',
      'name: demo\nprovider: {name: sandbox, locations: [fsn1]}\npools: [{name: a, locations: [hel1]}]\n',
      ['"hel1" is not allowed: one of provider.locations: fsn1'],
    ],
    ['a country in small letters', 'name: demo\nprovider: {name: sandbox, residency: [de]}\n', ['ISO 3166-1']],
    [
      'a taint effect that is nearly right',
      `${head}pools: [{name: a, taints: [{key: x, effect: NoSchedul}]}]\n`,
      ['did you mean NoSchedule?'],
    ],
    [
      'a number beside autoscale',
      `${head}pools: [{name: a, count: 2, autoscale: {min: 1, max: 3}}]\n`,
      ['pools[0].count: not beside autoscale, whose min and max say how many; leave it out'],
    ],
    [
      'a pool that is to be larger than it may be',
      `${head}pools: [{name: a, autoscale: {min: 4, max: 3}}]\n`,
      ['pools[0].autoscale.min: 4 is not allowed: at most the maximum, 3'],
    ],
    [
      'room for fewer machines than a pool may have',
      `${head}network: {pods: 10.42.0.0/20}\npools: [{name: a, autoscale: {min: 1, max: 40}}]\n`,
      ['each node takes a /24, this holds 16, and 41 machines are asked for'],
    ],
    ['an accepted finding that is none', `${head}preflight: {accept: [cgroupv1]}\n`, ['did you mean cgroup-v1?']],
    ['a tab as indentation', 'name: demo\nprovider:\n\tname: sandbox\n', ['cluster.yaml:3:1']],
    ['a key written twice', `${head}name: other\n`, ['cluster.yaml:3:1']],
    ['a list instead of a map', '- name: demo\n', ['a cluster file is a map of keys']],
    ['nothing', '', ['the file is empty']],
    ['a document of another kind', `kind: Tenant\n${head}`, ['kind: "Tenant" is not allowed: Cluster']],
    [
      'more machines than hosts',
      'name: demo\nprovider: {name: ssh, hosts: [{name: a, address: 10.0.0.1, hostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}]}\ncontrolPlane: {count: 3}\n',
      ['at least 3 hosts'],
    ],
  ])('says where and why: %s', (_, text, expected) => {
    const found = lines(text);
    for (const part of expected) expect(found.join('\n')).toContain(part);
    for (const line of found) expect(line).toMatch(/^cluster\.yaml:\d+:\d+ {2}\S/);
  });

  it('names every mistake at once, in the order of the file', () => {
    const found = lines(
      'name: Demo!\nprovider: {nam: sandbox}\ncontrolPlane: {count: 4}\npools:\n  - {name: a, count: -1}\n  - {name: a, cuont: 1}\nnetwork: {range: 10.43.0.0/16}\n',
    );
    expect(found.length).toBeGreaterThanOrEqual(7);
    const positions = found.map((line) => Number(line.split(':')[1]));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  it('shows a long or hostile value short, on one line', () => {
    const [line] = lines(`${head}kubernetes: {version: "${'x'.repeat(500)}"}\n`);
    expect(line!.length).toBeLessThan(200);
    const [other] = lines(`${head}kubernetes: {version: "a\\nb"}\n`);
    expect(other).not.toContain('\n');
  });
});

describe('a file on disk', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'slipway-config-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has relative paths from its own folder and ~ from the home folder', async () => {
    const path = join(folder, 'cluster.yaml');
    await writeFile(
      path,
      `${head}kubernetes: {bundle: ./bundle}\ncomponents: {folders: [~/mine, ours]}\n`.replace(
        '{name: sandbox}',
        '{name: sandbox, identity: keys/id}',
      ),
    );
    const { spec } = await loadClusterFile(path);
    expect(spec.provider.identity).toBe(join(folder, 'keys/id'));
    expect(spec.kubernetes.bundle).toBe(join(folder, 'bundle'));
    expect(spec.components?.folders).toEqual([join(homedir(), 'mine'), join(folder, 'ours')]);
  });

  it.each<[what: string, bytes: Buffer | undefined, expected: RegExp]>([
    ['is missing', undefined, /there is no such file/],
    ['is UTF-16', Buffer.from('\ufeffname: demo', 'utf16le'), /UTF-16/],
    ['is binary', Buffer.from([1, 0, 2]), /binary/],
    ['is Latin-1', Buffer.from([0x6e, 0xe4]), /not UTF-8/],
    ['is huge', Buffer.alloc(1024 * 1024 + 1, 0x20), /at most 1024/],
  ])('is refused with the reason when it %s', async (what, bytes, expected) => {
    const path = join(folder, `${what.replaceAll(' ', '-')}.yaml`);
    if (bytes) await writeFile(path, bytes);
    await expect(loadClusterFile(path)).rejects.toMatchObject({
      code: 'NO_CLUSTER_FILE',
      message: expect.stringMatching(expected) as string,
    });
  });

  it.skipIf(process.platform === 'win32')(
    'is read to a mebibyte, also where it is a device that has no end',
    async () => {
      const refused = { code: 'NO_CLUSTER_FILE', message: expect.stringContaining('at most 1024') as string };
      await expect(loadClusterFile('/dev/zero')).rejects.toMatchObject(refused);
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield Buffer.alloc(2 ** 16, 32);
      }
      await expect(loadClusterFile('-', undefined, endless())).rejects.toMatchObject(refused);
    },
  );

  it('is refused when it is a folder, naming the file that is meant', async () => {
    await expect(loadClusterFile(`${folder}/`)).rejects.toMatchObject({
      hint: `Name the file in it: -f ${folder}/cluster.yaml`,
    });
  });
});
