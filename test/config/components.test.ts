import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { loadClusterFile, specFromFlags } from '../../src/config/index.js';
import { SlipwayError } from '../../src/errors/index.js';
import { checkComponents } from '../../src/cli/check-components.js';

const head = 'name: demo\nprovider: {name: hetzner}\npools: [{name: web, count: 2}]\n';

async function load(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-config-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await writeFile(join(folder, 'cluster.yaml'), head + text);
  return { folder, load: () => loadClusterFile(join(folder, 'cluster.yaml'), checkComponents) };
}

async function lines(text: string, files: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  try {
    await (await load(text, files)).load();
  } catch (error) {
    if (error instanceof SlipwayError) return error.details;
    throw error;
  }
  return [];
}

describe('components in a cluster file', () => {
  it('are held against the catalogue with everything else, each problem with line and column', async () => {
    expect(
      await lines(
        'network: {range: 10.0.0.1/16}\ncomponents:\n  traefik: {replicas: two, pool: wep}\n  lokii: {}\n  monitoring: 5\n  cloudnative-pg: false\n',
      ),
    ).toEqual([
      'cluster.yaml:4:18  network.range: "10.0.0.1/16" is not allowed: the first address of the range; did you mean 10.0.0.0/16?',
      'cluster.yaml:6:23  components.traefik.replicas: "two" is not allowed: a whole number',
      'cluster.yaml:6:34  components.traefik.pool: there is no pool wep; did you mean web?',
      'cluster.yaml:7:3  components.lokii: there is no such component; did you mean loki?',
      'cluster.yaml:8:15  components.monitoring: 5 is not allowed: true or false, or a map of keys',
      'cluster.yaml:9:19  components.cloudnative-pg: barman-cloud needs it, but it is switched off; switch barman-cloud off too, or take this line out',
    ]);
  });

  it('of one’s own come from folders that are meant from the file', async () => {
    const own =
      'title: T\ndescription: D\nnamespace: shop\noptions: {type: object, additionalProperties: false, properties: {replicas: {type: integer}}}\n';
    const text = 'components:\n  preset: none\n  folders: [./mine]\n  shop: {replicas: 2}\n';
    const { folder, load: read } = await load(text, { 'mine/shop/component.yaml': own });
    expect((await read()).spec.components).toMatchObject({ folders: [join(folder, 'mine')], shop: { replicas: 2 } });
    expect(await lines(text.replace('replicas', 'replica'), { 'mine/shop/component.yaml': own })).toEqual([
      'cluster.yaml:7:10  components.shop.replica: unknown key; did you mean replicas?',
    ]);
  });

  it('say which folder cannot be read, at its place', async () => {
    const found = await lines('components:\n  folders: [./mine, ./nowhere]\n  shop: {}\n', {
      'mine/shop/component.yaml': 'title: T\ndescription: D\nnamespace: shop\n',
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^cluster\.yaml:5:21 {2}components\.folders\[1\]: Cannot read the components in .*nowhere: there is no such folder$/,
    );
  });

  it('name the files of secrets from the file’s folder', async () => {
    const { folder, load: read } = await load(
      'components:\n  traefik: true\n  cert-manager: {email: ops@acme.dev, domains: [acme.dev], dns: {provider: cloudflare}, secrets: {CLOUDFLARE_API_TOKEN: {file: ./secrets/cf}}}\n',
    );
    expect((await read()).spec.components?.['cert-manager']).toMatchObject({
      secrets: { CLOUDFLARE_API_TOKEN: { file: join(folder, 'secrets/cf') } },
    });
  });

  it('take no secret’s value in the file', async () => {
    expect(await lines('components:\n  cert-manager: {secrets: {CLOUDFLARE_API_TOKEN: abc}}\n')).toEqual([
      expect.stringMatching(
        /^cluster\.yaml:5:50 {2}components\.cert-manager\.secrets\.CLOUDFLARE_API_TOKEN: "abc" is not allowed/,
      ),
    ]);
  });
});

describe('components from flags', () => {
  it('are a preset, or nothing', () => {
    expect(specFromFlags({ name: 'demo', provider: 'sandbox' }).components).toBeUndefined();
    expect(specFromFlags({ name: 'demo', provider: 'sandbox', components: 'minimal' }).components).toEqual({
      preset: 'minimal',
      folders: [],
    });
  });
});
