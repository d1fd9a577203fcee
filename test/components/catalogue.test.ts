import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { readCatalogue } from '../../src/components/index.js';
import { UsageError } from '../../src/errors/index.js';
import { folderWith } from './support.js';

const sound = 'title: T\ndescription: D\nnamespace: n\n';
const withChart = `${sound}chart: {name: x, repository: "https://charts.example.com", version: 1.0.0}\n`;

async function complaint(
  files: Readonly<Record<string, string>>,
): Promise<{ code: string; text: string; folder: string }> {
  const folder = await folderWith(files);
  try {
    await readCatalogue([], folder);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { code: error.code, text: [error.message, ...error.details].join('\n'), folder };
  }
  throw new Error('it was taken');
}

describe('a component folder', () => {
  it('of the end-to-end ring can be read, so that its hosts don’t start for nothing', async () => {
    const { components } = await readCatalogue([fileURLToPath(new URL('../e2e/parts', import.meta.url))]);
    expect(components.has('pager')).toBe(true);
  });

  it('is read with all it holds', async () => {
    const folder = await folderWith({
      'shop/component.yaml':
        `${withChart}needs: [bank]\nworkloads: [{replicas: server.replicas, resources: [server.resources, {cpu: 1, memory: 1Gi}], volume: 10Gi}, {each: node}]\nhealth: [{kind: Deployment, name: shop}, {apiVersion: v1, kind: ClusterIssuer, name: x}]\nsecrets: [{name: s, keys: {a: A_KEY}}]\n`.replace(
          'cpu: 1,',
          'cpu: "1",',
        ),
      'shop/values.yaml.hbs': 'a: {{q cluster.name}}\nb: {{q (file "extra/x.txt")}}\n',
      'shop/manifests/20-b.yaml.hbs': 'a: 1\n',
      'shop/manifests/10-a.yaml.hbs': 'a: 1\n',
      'shop/before/a.yaml.hbs': 'a: 1\n',
      'shop/extra/x.txt': 'hello',
      'shop/.hidden/x.yaml': '{{',
      'bank/component.yaml': sound,
    });
    const { components } = await readCatalogue([], folder);
    expect([...components.keys()]).toEqual(['bank', 'shop']);
    const shop = components.get('shop')!;
    expect(shop).toMatchObject({
      release: 'shop',
      namespace: 'n',
      chart: { version: '1.0.0', timeout: '5m', bootstrap: false, crds: false },
      workloads: [
        { replicas: 'server.replicas', resources: ['server.resources', { cpu: '1', memory: '1Gi' }], volume: '10Gi' },
        { each: 'node', replicas: 1, resources: [] },
      ],
      architectures: ['amd64', 'arm64'],
    });
    expect(shop.manifests.map(({ shown }) => shown)).toEqual([
      'templates/components/shop/manifests/10-a.yaml.hbs',
      'templates/components/shop/manifests/20-b.yaml.hbs',
    ]);
    expect(shop.health.map(({ namespace }) => namespace)).toEqual(['n', '']);
    expect(shop.secrets[0]?.namespace).toBe('n');
    expect(shop.values?.documents({ cluster: { name: 'acme' } })[0]?.data).toEqual({ a: 'acme', b: 'hello' });
  });

  it('tells every problem of its component.yaml with line and column', async () => {
    const { code, text } = await complaint({
      'a/component.yaml':
        'title: T\ndescripton: D\nnamespace: N\npresets: [base]\nworkloads: [{resources: [{cpu: 1 core, memory: 1Gi}]}]\n',
    });
    expect(code).toBe('BAD_COMPONENT');
    expect(text).toContain(
      'templates/components/a/component.yaml:2:1  descripton: unknown key; did you mean description?',
    );
    expect(text).toContain('templates/components/a/component.yaml:3:12  namespace: "N" is not allowed');
    expect(text).toContain('templates/components/a/component.yaml:4:11  presets[0]: "base" is not allowed');
    expect(text).toContain(
      'templates/components/a/component.yaml:5:32  workloads[0].resources[0].cpu: "1 core" is not allowed: an amount of cpu',
    );
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['broken YAML', { 'a/component.yaml': 'title: [T\n' }, 'component.yaml:2:1'],
    ['an empty file', { 'a/component.yaml': '' }, 'a component is a map of keys'],
    ['a folder without one', { 'a/values.yaml.hbs': '' }, 'this folder is no component'],
    ['a folder whose name is no name', { 'A_b/component.yaml': sound }, 'the folder’s name is the component’s'],
    ['values without a chart', { 'a/component.yaml': sound, 'a/values.yaml.hbs': '' }, 'has no chart to go to'],
    [
      'a chart from nowhere',
      { 'a/component.yaml': `${sound}chart: {name: x, version: 1.0.0}\n` },
      'either a repository or an oci reference',
    ],
    [
      'a manifest that is no template',
      { 'a/component.yaml': sound, 'a/manifests/x.yaml': '' },
      'files in manifests/ are templates',
    ],
    [
      'an option named as a setting',
      { 'a/component.yaml': `${sound}options: {properties: {pool: {type: string}}}\n` },
      'every component has a setting of this name',
    ],
    [
      'a condition on no option',
      {
        'a/component.yaml': `${sound}when: dnss\noptions: {type: object, additionalProperties: false, properties: {dns: {type: string}}}\n`,
      },
      'when: there is no option dnss; did you mean dns?',
    ],
    [
      'a plain key from nowhere',
      { 'a/component.yaml': `${sound}secrets: [{name: s, plain: {a: clustr.name}}]\n` },
      'there is no clustr.name',
    ],
    [
      'a need nobody fills',
      { 'a/component.yaml': `${sound}needs: [nothing]\n` },
      'it needs nothing, which nothing is called or provides',
    ],
    ['a companion nobody is', { 'a/component.yaml': `${sound}with: {component: b}\n` }, 'it names the component b'],
  ])('is refused with %s', async (_what, files, expected) => {
    const { code, text } = await complaint(files);
    expect(code).toBe('BAD_COMPONENT');
    expect(text).toContain(expected);
  });

  it('is refused with a bad template, by file and line', async () => {
    const { code, text } = await complaint({
      'a/component.yaml': withChart,
      'a/values.yaml.hbs': 'a: 1\nb: {{options.x}}\n',
    });
    expect(code).toBe('BAD_TEMPLATE');
    expect(text).toContain('templates/components/a/values.yaml.hbs:2: a bare {{options.x}} is not put out');
  });

  it('is refused with a schema of options that is none, when they are looked at', async () => {
    const folder = await folderWith({ 'a/component.yaml': `${sound}options: {type: object, propertis: {}}\n` });
    const { components } = await readCatalogue([], folder);
    expect(() => components.get('a')!.check({})).toThrow(expect.objectContaining({ code: 'BAD_COMPONENT' }) as Error);
  });
});

describe('folders of one’s own', () => {
  it('hold components or are one, beside Slipway’s', async () => {
    const own = await folderWith({ 'a/component.yaml': sound });
    const more = await folderWith({ 'b/component.yaml': sound, 'c/component.yaml': sound });
    const { components } = await readCatalogue([more], own);
    expect([...components.values()].map(({ name, builtIn }) => [name, builtIn])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
    expect((await readCatalogue([`${more}/b`], own)).components.has('b')).toBe(true);
  });

  it('cannot take the name of another component', async () => {
    const own = await folderWith({ 'a/component.yaml': sound });
    const more = await folderWith({ 'a/component.yaml': sound });
    await expect(readCatalogue([more], own)).rejects.toMatchObject({
      code: 'COMPONENT_TWICE',
      details: [`${own}/a`, `${more}/a`],
    });
  });

  it('must be there', async () => {
    const own = await folderWith({ 'a/component.yaml': sound });
    await expect(readCatalogue([`${own}/nowhere`], own)).rejects.toMatchObject({ code: 'NO_COMPONENT_FOLDER' });
  });

  it('are told of by their whole path', async () => {
    const own = await folderWith({ 'a/component.yaml': sound });
    const more = await folderWith({ 'b/component.yaml': withChart, 'b/values.yaml.hbs': 'x: {{q options.y}}' });
    await expect(readCatalogue([more], own)).rejects.toThrow(
      `${more}/b/values.yaml.hbs:1: options.y: there is no y in options`,
    );
  });
});
