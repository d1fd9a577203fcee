import { mkdtemp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { kubeconfigFor } from '../../src/distributions/k3s/host/index.js';
import { mergeKubeconfig, removeFromKubeconfig } from '../../src/workspace/kubeconfig-merge.js';
import { userKubeconfigPaths } from '../../src/workspace/paths.js';
import {
  checkUserKubeconfig,
  mergeIntoUserKubeconfig,
  removeFromUserKubeconfig,
} from '../../src/workspace/user-kubeconfig.js';

const k3s = (ca: string): Secret =>
  new Secret(
    stringify({
      clusters: [{ name: 'default', cluster: { 'certificate-authority-data': ca } }],
      users: [{ name: 'default', user: { 'client-certificate-data': 'QQ==', 'client-key-data': 'QQ==' } }],
    }),
  );
const ours = (cluster: string, ca = 'b3Vycw=='): string =>
  kubeconfigFor(k3s(ca), { cluster, servers: ['https://192.0.2.1:6443', 'https://192.0.2.2:6443'] }).reveal();

interface Config {
  readonly clusters: readonly { readonly name: string }[];
  readonly contexts: readonly { readonly name: string }[];
  readonly users: readonly { readonly name: string }[];
  readonly 'current-context': string;
}
const names = (text: string) => {
  const { clusters, contexts, users } = parse(text) as Config;
  return [clusters, contexts, users].map((list) => list.map(({ name }) => name));
};

/** A company's own entries, by hand: a cluster, a context and a user with a token for each name. */
const company = (...clusterNames: readonly string[]): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusterNames.map((name) => ({
      name,
      cluster: { server: `https://${name}.example:6443`, 'certificate-authority-data': 'dGhlaXJz' },
    })),
    contexts: clusterNames.map((name) => ({ name, context: { cluster: name, user: name } })),
    users: clusterNames.map((name) => ({ name, user: { token: 'planted-company' } })),
    'current-context': clusterNames[0],
  });

/** What earlier versions merged: no mark, and a numbered context for each further server. */
const unmarked = (name: string, ca = 'b3Vycw=='): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [name, `${name}-2`].map((one, index) => ({
      name: one,
      cluster: { server: `https://192.0.2.${index + 1}:6443`, 'certificate-authority-data': ca },
    })),
    users: [{ name, user: { 'client-certificate-data': 'QQ==', 'client-key-data': 'QQ==' } }],
    contexts: [name, `${name}-2`].map((one) => ({ name: one, context: { cluster: one, user: name } })),
    'current-context': name,
  });

describe('merging into a person’s kubeconfig', () => {
  it('adds one context for a cluster of several servers, so that it meets no cluster called NAME-2', () => {
    const merged = mergeKubeconfig(mergeKubeconfig(undefined, ours('demo')), ours('demo-2', 'b3RoZXI='));
    expect(names(merged)).toEqual(Array(3).fill(['demo', 'demo-2']));
    expect(mergeKubeconfig(merged, ours('demo-2', 'b3RoZXI='))).toBe(merged);
  });

  it('refuses to overwrite entries of the same name that are somebody else’s, and shows no secret of theirs', () => {
    const merging = (): string => mergeKubeconfig(company('demo'), ours('demo'));
    expect(merging).toThrow(
      expect.objectContaining({
        code: 'KUBECONFIG_NAME_TAKEN',
        exitCode: 3,
        details: ['clusters: demo', 'contexts: demo', 'users: demo'],
      }),
    );
    expect(merging).not.toThrow(/planted/);
  });

  it('refuses to overwrite another cluster of ours that has the same name', () => {
    expect(() => mergeKubeconfig(ours('demo', 'YW5vdGhlcg=='), ours('demo'))).toThrow(
      expect.objectContaining({ code: 'KUBECONFIG_NAME_TAKEN' }),
    );
  });

  it('replaces what an earlier version merged, the numbered contexts included', () => {
    expect(names(mergeKubeconfig(unmarked('demo'), ours('demo')))).toEqual(Array(3).fill(['demo']));
  });

  it('keeps what was in the file before the change beside it, readable by its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
    const file = join(folder, 'config');
    const before = `# mine\n${company('work')}`;
    await writeFile(file, before);
    await mergeIntoUserKubeconfig([file], 'demo', ours('demo'), systemClock);
    expect(await readFile(`${file}.slipway-backup`, 'utf8')).toBe(before);
    expect(await readFile(file, 'utf8')).toContain('# mine');
    expect((await readdir(folder)).sort()).toEqual(['config', 'config.slipway-backup']);
  });
});

describe('a kubeconfig of several files', () => {
  const two = async (first: string, second: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
    const paths = userKubeconfigPaths({ KUBECONFIG: `${join(folder, 'a')}:${join(folder, 'b')}` }, '/home/ada');
    await writeFile(join(folder, 'a'), first);
    await writeFile(join(folder, 'b'), second);
    const texts = () => Promise.all(['a', 'b'].map((name) => readFile(join(folder, name), 'utf8')));
    return { folder, paths, texts };
  };

  it('is refused where a later one has the names, which is told, and stays as it is', async () => {
    const { folder, paths, texts } = await two(company('work'), company('demo'));
    const taken = { code: 'KUBECONFIG_NAME_TAKEN', details: [`${join(folder, 'b')}: clusters: demo`] };
    for (const tried of [
      () => mergeIntoUserKubeconfig(paths, 'demo', ours('demo'), systemClock),
      () => checkUserKubeconfig(paths, 'demo', ours('demo')),
      () => checkUserKubeconfig(paths, 'demo', undefined),
    ])
      await expect(tried()).rejects.toMatchObject({
        ...taken,
        details: expect.arrayContaining(taken.details) as string[],
      });
    expect(await texts()).toEqual([company('work'), company('demo')]);
  });

  it('loses the entries of a deleted cluster in whichever file they are', async () => {
    const { paths, texts } = await two(company('work'), mergeKubeconfig(company('other'), ours('demo')));
    await removeFromUserKubeconfig(paths, ours('demo'), systemClock);
    const [first, second] = await texts();
    expect(first).toBe(company('work'));
    expect(names(second!)).toEqual(Array(3).fill(['other']));
  });

  it('has no current context that left with a deleted cluster, whichever file says it', async () => {
    const current = (name: string): string => stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': name });
    for (const order of [0, 1]) {
      const contents = [current('demo'), mergeKubeconfig(company('other'), ours('demo'))];
      const { paths, texts } = await two(contents[order]!, contents[1 - order]!);
      await removeFromUserKubeconfig(paths, ours('demo'), systemClock);
      const left = (await texts()).map((text) => (parse(text) as Config)['current-context']);
      expect(left).toEqual(['', '']);
    }
  });

  it('keeps a current context that means another cluster of the name, which an earlier file has', async () => {
    const { paths, texts } = await two(company('demo'), ours('demo'));
    await removeFromUserKubeconfig(paths, ours('demo'), systemClock);
    expect((await texts())[0]).toBe(company('demo'));
  });

  it('loses a current context that would come to mean a later file’s cluster of the name; that file stays as it is', async () => {
    const later = company('work', 'demo');
    const { paths, texts } = await two(ours('demo'), later);
    await removeFromUserKubeconfig(paths, ours('demo'), systemClock);
    const [first, second] = await texts();
    expect((parse(first!) as Config)['current-context']).toBe('');
    expect(second).toBe(later);
  });

  it('forgets the current context before the entries by which it is known, should the run be stopped between', async () => {
    const { folder, paths, texts } = await two(ours('demo'), stringify({ kind: 'Config', 'current-context': 'demo' }));
    await writeFile(join(folder, 'a.lock'), '');
    const clock = { ...systemClock, sleep: () => Promise.reject(new Error('stopped')) };
    await expect(removeFromUserKubeconfig(paths, ours('demo'), clock)).rejects.toThrow('stopped');
    const [first, second] = await texts();
    expect(first).toBe(ours('demo'));
    expect((parse(second!) as Config)['current-context']).toBe('');
  });

  it('is merged into where the cluster’s entries are, once, and its context becomes the one that counts', async () => {
    const { folder, paths, texts } = await two(company('work'), unmarked('demo'));
    expect(await mergeIntoUserKubeconfig(paths, 'demo', ours('demo'), systemClock)).toBe(join(folder, 'b'));
    const [first, second] = await texts();
    expect([names(first!), names(second!)]).toEqual([Array(3).fill(['work']), Array(3).fill(['demo'])]);
    expect((parse(first!) as Config)['current-context']).toBe('demo');
    await mergeIntoUserKubeconfig(paths, 'demo', ours('demo'), systemClock);
    expect(await texts()).toEqual([first, second]);
  });

  it('loses what a later file still has of a cluster that an earlier one has, too', async () => {
    const { folder, paths, texts } = await two(ours('demo'), mergeKubeconfig(company('work'), ours('demo')));
    expect(await mergeIntoUserKubeconfig(paths, 'demo', ours('demo'), systemClock)).toBe(join(folder, 'a'));
    const [first, second] = await texts();
    expect(first).toBe(ours('demo'));
    expect(names(second!)).toEqual(Array(3).fill(['work']));
  });

  it('gets entries in its first file, and is made where it is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
    await mergeIntoUserKubeconfig([join(folder, 'a'), join(folder, 'b')], 'demo', ours('demo'), systemClock);
    expect(await readdir(folder)).toEqual(['a']);
  });
});

describe('what is named as a kubeconfig and is none', () => {
  const demo = ours('demo');

  it.skipIf(process.platform === 'win32')(
    'is left alone where it is /dev/null, and refused as a place to merge into',
    async () => {
      const before = await stat('/dev/null');
      await removeFromUserKubeconfig(['/dev/null'], demo, systemClock);
      await checkUserKubeconfig(['/dev/null'], 'demo', demo);
      await expect(mergeIntoUserKubeconfig(['/dev/null'], 'demo', demo, systemClock)).rejects.toMatchObject({
        code: 'KUBECONFIG_INVALID',
        exitCode: 2,
        message: '/dev/null is not a file.',
      });
      expect((await stat('/dev/null')).ino).toBe(before.ino);
    },
  );

  it('is refused where it is a folder, or larger than 16 MiB', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
    const large = join(folder, 'large');
    await writeFile(large, '');
    await truncate(large, 16 * 2 ** 20 + 1);
    for (const path of [folder, large])
      for (const tried of [
        () => mergeIntoUserKubeconfig([path], 'demo', demo, systemClock),
        () => checkUserKubeconfig([path], 'demo', undefined),
        () => removeFromUserKubeconfig([path], demo, systemClock),
      ])
        await expect(tried()).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2 });
  });
});

describe('taking a deleted cluster out of a person’s kubeconfig', () => {
  it('leaves entries alone that only have its names', () => {
    const theirs = company('demo', 'demo-2');
    expect(removeFromKubeconfig(theirs, ours('demo'))).toBe(theirs);
    const another = ours('demo', 'YW5vdGhlcg==');
    expect(removeFromKubeconfig(another, ours('demo'))).toBe(another);
  });

  it('takes out what was merged, under whatever name its context has by now, and nothing else', () => {
    const merged = mergeKubeconfig(company('work', 'demo-2'), ours('demo'));
    const renamed = merged.replace(/- name: demo\n( +)context:/, '- name: mine\n$1context:');
    for (const text of [merged, renamed])
      expect(names(removeFromKubeconfig(text, ours('demo')))).toEqual(Array(3).fill(['work', 'demo-2']));
    expect((parse(removeFromKubeconfig(merged, ours('demo'))) as Config)['current-context']).toBe('');
  });

  it('takes out what an earlier version merged, told by the cluster’s CA', () => {
    expect(names(removeFromKubeconfig(unmarked('demo'), ours('demo')))).toEqual([[], [], []]);
    const theirs = unmarked('demo', 'dGhlaXJz');
    expect(removeFromKubeconfig(theirs, ours('demo'))).toBe(theirs);
  });
});
