import { describe, expect, it } from 'vitest';

import {
  readCatalogue,
  selectComponents,
  selectionOf,
  type Catalogue,
  type ProviderFacts,
} from '../../src/components/index.js';
import { componentsSchema } from '../../src/domain/spec/components.js';
import { UsageError } from '../../src/errors/index.js';
import { folderWith, providers } from './support.js';

const chart = 'chart: {name: x, repository: "https://charts.example.com", version: 1.0.0}';
const component = (lines: string): string => `title: T\ndescription: D\nnamespace: n\n${lines}\n`;

const files: Readonly<Record<string, string>> = {
  'cloud/component.yaml': component(chart),
  'disks/component.yaml': component('provides: [storage]\nneeds: [cloud]'),
  'ingress-a/component.yaml': component(
    `presets: [minimal, baseline]\nprovides: [ingress]\n${chart}\noptions: {type: object, additionalProperties: false, properties: {replicas: {type: integer, default: 2}}}`,
  ),
  'ingress-a/values.yaml.hbs': 'a: {{yaml (placement) indent=2}}\nb: {{q (default storage.size "1Gi")}}\n',
  'ingress-b/component.yaml': component('provides: [ingress]'),
  'certs/component.yaml': component(
    'presets: [baseline]\nafter: [ingress]\noptions: {type: object, additionalProperties: false, properties: {dns: {type: object, properties: {provider: {type: string}}}}}',
  ),
  'certs-hook/component.yaml': component(
    'with: {component: certs, when: dns.provider=hetzner|linode}\nneeds: [certs]\nsecrets: [{name: s, keys: {token: HOOK_TOKEN}}]',
  ),
  'dns/component.yaml': component(
    'presets: [baseline]\nwhen: zone\noptions: {type: object, additionalProperties: false, required: [zone], properties: {zone: {type: string}}}',
  ),
  'logs/component.yaml': component('presets: [baseline]\nworkloads: [{volume: 10Gi}]'),
  'sender/component.yaml': component(
    'needs: [{name: logs, unless: outside}]\noptions: {type: object, additionalProperties: false, properties: {outside: {type: string}}}',
  ),
  'shop/component.yaml': component('needs: [ingress]'),
};
const facts: ProviderFacts = {
  ...providers.ssh,
  name: 'cloudy',
  required: ['cloud'],
  baseline: ['disks'],
  storageClass: 'fast',
};

let known: Promise<Catalogue> | undefined;
const catalogue = (): Promise<Catalogue> => (known ??= folderWith(files).then((folder) => readCatalogue([], folder)));

async function select(components: unknown, provider: ProviderFacts | undefined = facts, pools = ['web', 'platform']) {
  return selectComponents(await catalogue(), {
    components: components === undefined ? undefined : componentsSchema.parse(components),
    pools: pools.map((name) => ({ name })),
    provider,
  });
}
const on = async (components: unknown, provider?: ProviderFacts) =>
  Object.fromEntries((await select(components, provider)).selection.on.map((one) => [one.id, one.because]));
const problems = async (components: unknown, provider?: ProviderFacts) =>
  (await select(components, provider)).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('which components are on', () => {
  it('is what the provider requires when the file says nothing of components', async () => {
    expect(await on(undefined)).toEqual({ cloud: 'required by cloudy' });
  });

  it('is the baseline with an empty map, the provider’s part included', async () => {
    expect(await on({})).toEqual({
      cloud: 'required by cloudy',
      certs: 'preset baseline',
      disks: 'baseline on cloudy',
      'ingress-a': 'preset baseline',
      logs: 'preset baseline',
    });
  });

  it('is the least with the preset minimal, and what is named with none', async () => {
    expect(await on({ preset: 'minimal' })).toEqual({ cloud: 'required by cloudy', 'ingress-a': 'preset minimal' });
    expect(await on({ preset: 'none', logs: true })).toEqual({
      cloud: 'required by cloudy',
      logs: 'named in the file',
    });
  });

  it('leaves out what is switched off', async () => {
    expect(Object.keys(await on({ certs: false, logs: false }))).toEqual(['cloud', 'disks', 'ingress-a']);
  });

  it('brings in what is needed, by name or by what it provides', async () => {
    expect(await on({ preset: 'none', shop: true, 'ingress-b': true })).toMatchObject({
      'ingress-b': 'named in the file',
    });
    expect(await on({ preset: 'none', 'certs-hook': {} })).toMatchObject({ certs: 'needed by certs-hook' });
    expect(await on({ shop: true, 'ingress-a': { replicas: 3 } })).not.toHaveProperty('ingress-b');
  });

  it('brings in what is needed with some options only', async () => {
    expect(await on({ preset: 'none', sender: {} })).toMatchObject({ logs: 'needed by sender' });
    expect(await on({ preset: 'none', sender: { outside: 'https://x' } })).not.toHaveProperty('logs');
  });

  it('brings in what goes with another one’s options', async () => {
    expect(await on({ certs: { dns: { provider: 'linode' } } })).toMatchObject({ 'certs-hook': 'with certs' });
    expect(await on({ certs: { dns: { provider: 'cloudflare' } } })).not.toHaveProperty('certs-hook');
    expect(await on({ certs: { dns: { provider: 'linode' } }, 'certs-hook': false })).not.toHaveProperty('certs-hook');
  });

  it('says why the others are off', async () => {
    const { selection } = await select({ logs: false });
    expect(Object.fromEntries(selection.off.map((one) => [one.definition.name, one.because]))).toEqual({
      'certs-hook': 'goes with certs, with dns.provider to be hetzner or linode',
      dns: 'needs zone',
      'ingress-b': 'not named in the file',
      logs: 'switched off in the file',
      sender: 'not named in the file',
      shop: 'not named in the file',
    });
  });
});

describe('what a component gets', () => {
  it('is its options with defaults, its place, its storage and its version', async () => {
    const { selection } = await select({
      preset: 'none',
      'ingress-a': { pool: 'platform', storage: { size: '20Gi' }, version: '2.0.0', values: { a: 1 } },
    });
    const found = selection.on.find((one) => one.id === 'ingress-a');
    expect(found).toMatchObject({
      options: { replicas: 2 },
      pool: 'platform',
      storage: { class: 'fast', size: '20Gi' },
      version: '2.0.0',
      values: { a: 1 },
    });
    expect(selection.warnings).toEqual(['ingress-a: chart version 2.0.0 was not tried with this Slipway, 1.0.0 was.']);
  });
});

describe('the order', () => {
  it('puts the provider’s part first, volumes before who keeps some, soft wishes where both are there', async () => {
    const { selection } = await select({ certs: { dns: { provider: 'hetzner' } } });
    expect(Object.fromEntries(selection.on.map((one) => [one.id, one.waitsFor]))).toEqual({
      cloud: [],
      disks: ['cloud'],
      'ingress-a': ['cloud'],
      certs: ['cloud', 'ingress-a'],
      'certs-hook': ['certs', 'cloud'],
      logs: ['cloud', 'disks'],
    });
    const names = selection.on.map((one) => one.id);
    for (const one of selection.on)
      for (const before of one.waitsFor) expect(names.indexOf(before)).toBeLessThan(names.indexOf(one.id));
  });

  it('is refused as a circle with everyone in it', async () => {
    const folder = await folderWith({
      'a/component.yaml': component('needs: [b]'),
      'b/component.yaml': component('after: [c]'),
      'c/component.yaml': component('needs: [a]'),
    });
    const { problems: found } = selectComponents(await readCatalogue([], folder), {
      components: componentsSchema.parse({ preset: 'none', a: true, c: true }),
      pools: [],
      provider: undefined,
    });
    expect(found).toEqual([
      { path: ['components', 'a'], message: 'components wait for each other in a circle: a → b → c → a' },
    ]);
  });
});

describe('what is refused', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['an unknown name', { lgs: true }, ['components.lgs: there is no such component; did you mean logs?']],
    [
      'an unknown option',
      { 'ingress-a': { replica: 2 } },
      ['components.ingress-a.replica: unknown key; did you mean replicas?'],
    ],
    [
      'an option of another kind',
      { 'ingress-a': { replicas: 'two' } },
      ['components.ingress-a.replicas: "two" is not allowed: a whole number'],
    ],
    ['a missing option', { dns: {} }, ['components.dns.zone: required, but missing']],
    [
      'a pool that is not there',
      { 'ingress-a': { pool: 'wep' } },
      ['components.ingress-a.pool: there is no pool wep; did you mean web?'],
    ],
    [
      'a pool and storage for what has no use for them',
      { logs: { pool: 'web', storage: { size: '1Gi' } } },
      [
        'components.logs.pool: it has nothing that could live on a pool',
        'components.logs.storage: it keeps nothing on volumes',
      ],
    ],
    [
      'values that YAML cannot hold',
      { 'ingress-a': { values: { a: Infinity } } },
      ['components.ingress-a.values: Infinity is no number here'],
    ],
    [
      'a version of no chart',
      { logs: { version: '1', values: {} } },
      [
        'components.logs.version: it has no chart, so no version',
        'components.logs.values: it has no chart, so no values',
      ],
    ],
    [
      'a secret nobody has',
      { logs: { secrets: { X_TOKEN: { env: 'Y' } } } },
      ['components.logs.secrets.X_TOKEN: it has no such secret; it has: none'],
    ],
    [
      'what others need, switched off',
      { shop: true, 'ingress-a': false, 'ingress-b': false },
      ['components.ingress-a: shop needs ingress, but it is switched off; switch shop off too, or take this line out'],
    ],
    [
      'a need that several could fill',
      { preset: 'none', shop: true },
      ['components.shop: shop needs ingress: switch one of these on: ingress-a, ingress-b'],
    ],
    [
      'what the provider requires, switched off',
      { cloud: false },
      ['components.cloud: nodes of cloudy do not work without it; take this line out'],
    ],
  ])('%s', async (_what, components, expected) => {
    expect(await problems(components)).toEqual(expect.arrayContaining([...expected]));
  });

  it('takes secrets of what goes with a component in its own settings', async () => {
    expect(
      await problems({ certs: { dns: { provider: 'hetzner' }, secrets: { HOOK_TOKEN: { env: 'OTHER' } } } }),
    ).toEqual([]);
  });

  it('says nothing of needs that the provider may fill while it is not known', async () => {
    expect(await problems({ preset: 'none', shop: true }, undefined)).toHaveLength(1);
    const { problems: found } = selectComponents(await catalogue(), {
      components: componentsSchema.parse({ preset: 'none', shop: true }),
      pools: [],
      provider: undefined,
    });
    expect(found).toEqual([]);
  });

  it('two components of one release', async () => {
    const folder = await folderWith({
      'a/component.yaml': component(`release: same\n${chart}`),
      'b/component.yaml': component(`release: same\n${chart}`),
    });
    const input = {
      components: componentsSchema.parse({ preset: 'none', a: true, b: true }),
      pools: [],
      provider: undefined,
    };
    const all = await readCatalogue([], folder);
    expect(selectComponents(all, input).problems).toEqual([
      { path: ['components', 'b'], message: 'its release same is a’s too; only one of them can be on', atKey: true },
    ]);
    expect(() => selectionOf(all, input)).toThrow(UsageError);
  });
});
