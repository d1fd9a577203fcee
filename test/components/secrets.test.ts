import { describe, expect, it } from 'vitest';

import {
  readCatalogue,
  resolveSecrets,
  secretNeeds,
  selectionOf,
  type SecretReaders,
} from '../../src/components/index.js';
import { Secret } from '../../src/domain/secret.js';
import { folderWith, renderInput } from './support.js';

const head = 'title: T\ndescription: D\n';
const open = 'options: {type: object, properties: {}}\n';
const files = {
  'dns/component.yaml': `${head}namespace: dns\n${open}secrets:\n  - {name: cf, when: provider=cloudflare, keys: {token: CLOUDFLARE_API_TOKEN}}\n  - {name: hz, when: provider=hetzner, keys: {token: HCLOUD_TOKEN}}\n`,
  'dns-hook/component.yaml': `${head}namespace: dns\nwith: {component: dns, when: hook}\nsecrets: [{name: hook, when: "dns:hook", keys: {token: HOOK_TOKEN}}]\n`,
  'cloud/component.yaml': `${head}namespace: kube-system\nsecrets: [{name: hcloud, keys: {token: HCLOUD_TOKEN}, plain: {network: provider.network}}]\n`,
  'grafana/component.yaml': `${head}namespace: monitoring\nsecrets: [{name: admin, keys: {password: GRAFANA_PASSWORD}, generate: {password: 20, cookie: 12}}]\n`,
};

async function ask(settings: Record<string, unknown>, values: Readonly<Record<string, string>> = {}) {
  const catalogue = await readCatalogue([], await folderWith(files));
  const provider = { ...renderInput().provider, required: [], baseline: [] };
  const input = renderInput({ components: { preset: 'none', ...settings } as never }, provider);
  const selection = selectionOf(catalogue, { components: input.spec.components, pools: [], provider });
  const has = (key: string): Secret | undefined => (key in values ? new Secret(values[key]!) : undefined);
  const readers: SecretReaders = {
    provider: (variable) => has(`provider ${variable}`),
    environment: has,
    file: async (path) => has(path),
    draw: (length) => new Secret('r'.repeat(length)),
  };
  return { needs: secretNeeds(selection), resolve: () => resolveSecrets(selection, input, readers) };
}

const revealed = (data: Readonly<Record<string, Secret>>) =>
  Object.fromEntries(Object.entries(data).map(([key, secret]) => [key, secret.reveal()]));

describe('secrets of components', () => {
  it('are asked for as options say', async () => {
    const variables = async (options: unknown) => (await ask({ dns: options })).needs.map(({ variable }) => variable);
    expect(await variables({ provider: 'cloudflare' })).toEqual(['CLOUDFLARE_API_TOKEN']);
    expect(await variables({ provider: 'hetzner' })).toEqual(['HCLOUD_TOKEN']);
    expect(await variables({ provider: 'none' })).toEqual([]);
    expect(await variables({ hook: true })).toEqual(['HOOK_TOKEN']);
  });

  it('come from the provider, the environment, or where the file says', async () => {
    const values = { 'provider HCLOUD_TOKEN': 'p', HCLOUD_TOKEN: 'e', OTHER: 'o', '/x/token': 'f' };
    const token = async (secrets: unknown) => {
      const { resolve } = await ask({ dns: { provider: 'hetzner', ...(secrets ? { secrets } : {}) } }, values);
      return revealed((await resolve())[0]!.data)['token'];
    };
    expect(await token(undefined)).toBe('p');
    expect(await token({ HCLOUD_TOKEN: { env: 'OTHER' } })).toBe('o');
    expect(await token({ HCLOUD_TOKEN: { file: '/x/token' } })).toBe('f');
  });

  it('of what goes with a component come from where that one’s settings say', async () => {
    const settings = { dns: { hook: true, secrets: { HOOK_TOKEN: { env: 'OTHER' } } } };
    const { resolve } = await ask(settings, { OTHER: 'o' });
    expect(revealed((await resolve())[0]!.data)).toEqual({ token: 'o' });
  });

  it('hold what is no secret beside what is', async () => {
    const { resolve } = await ask({ cloud: true }, { HCLOUD_TOKEN: 't' });
    const [found] = await resolve();
    expect(found).toMatchObject({ component: 'cloud', namespace: 'kube-system', name: 'hcloud', drawn: [] });
    expect(revealed(found!.data)).toEqual({ network: 'slipway-acme', token: 't' });
  });

  it('are drawn where nobody gives one', async () => {
    const { needs, resolve } = await ask({ grafana: true }, { GRAFANA_PASSWORD: 'mine' });
    expect(needs.map(({ variable, generate }) => [variable, generate])).toEqual([
      ['GRAFANA_PASSWORD', 20],
      ['GRAFANA_COOKIE', 12],
    ]);
    const [found] = await resolve();
    expect(revealed(found!.data)).toEqual({ password: 'mine', cookie: 'r'.repeat(12) });
    expect(found!.drawn).toEqual(['cookie']);
  });

  it('that are missing are named all at once, without any value', async () => {
    const settings = {
      cloud: true,
      dns: { provider: 'cloudflare', secrets: { CLOUDFLARE_API_TOKEN: { file: '/x/token' } } },
    };
    const { resolve } = await ask(settings, { OTHER: 'hidden' });
    await expect(resolve()).rejects.toMatchObject({
      code: 'SECRETS_MISSING',
      message: '2 secrets are missing; nothing was changed.',
      details: [
        'HCLOUD_TOKEN is not set; it is for cloud (Secret kube-system/hcloud, key token)',
        'CLOUDFLARE_API_TOKEN: the file /x/token is not set; it is for dns (Secret dns/cf, key token)',
      ],
    });
  });
});

describe('secrets of a folder of the user’s own', () => {
  const theirs = {
    'shop/component.yaml': `${head}namespace: shop\nsecrets:\n  - {name: db, keys: {password: SHOP_PASSWORD}}\n  - {name: cookie, keys: {cookie: AWS_SECRET_ACCESS_KEY}, generate: {cookie: 12}}\n`,
    'thief/component.yaml': `${head}namespace: thief\nwith: {component: dns}\nsecrets: [{name: loot, keys: {token: CLOUDFLARE_API_TOKEN}}]\n`,
    'hcloud/component.yaml': `${head}namespace: hcloud\nsecrets: [{name: drawn, generate: {token: 12}}]\n`,
  };
  const environment: Readonly<Record<string, string>> = {
    SHOP_PASSWORD: 'planted-shop',
    AWS_SECRET_ACCESS_KEY: 'planted-aws',
    CLOUDFLARE_API_TOKEN: 'planted-cloudflare',
    HCLOUD_TOKEN: 'planted-provider',
    OWN_TOKEN: 'planted-own',
  };
  const asked = async (components: Record<string, unknown>) => {
    const catalogue = await readCatalogue([await folderWith(theirs)], await folderWith(files));
    const provider = { ...renderInput().provider, required: [], baseline: [] };
    const input = renderInput({ components: { preset: 'none', ...components } as never }, provider);
    const selection = selectionOf(catalogue, { components: input.spec.components, pools: [], provider });
    const read: string[] = [];
    const has = (key: string): Secret | undefined => {
      read.push(key);
      return key in environment ? new Secret(environment[key]!) : undefined;
    };
    const resolved = resolveSecrets(selection, input, {
      provider: (variable) => (variable === 'HCLOUD_TOKEN' ? has(variable) : undefined),
      environment: has,
      file: async (path) => has(path),
      draw: (length) => new Secret('r'.repeat(length)),
    });
    return { resolved, read };
  };

  it('are refused where the cluster file does not grant them by name, before any is read', async () => {
    const { resolved, read } = await asked({ shop: true });
    await expect(resolved).rejects.toMatchObject({
      code: 'SECRETS_NOT_GRANTED',
      details: [
        'shop asks for SHOP_PASSWORD (Secret shop/db, key password): components: {shop: {secrets: {SHOP_PASSWORD: {env: …}}}}',
      ],
    });
    expect(read).toEqual([]);
  });

  it('are given once they are granted, and what can be drawn is drawn instead of read', async () => {
    const { resolved, read } = await asked({ shop: { secrets: { SHOP_PASSWORD: { env: 'SHOP_PASSWORD' } } } });
    const [database, cookie] = await resolved;
    expect(revealed(database!.data)).toEqual({ password: 'planted-shop' });
    expect(database!.origins).toEqual({ password: 'from SHOP_PASSWORD' });
    expect(revealed(cookie!.data)).toEqual({ cookie: 'r'.repeat(12) });
    expect(cookie!.origins).toEqual({ cookie: 'drawn' });
    expect(read).not.toContain('AWS_SECRET_ACCESS_KEY');
  });

  it('are not taken along from the component that the folder says it goes with', async () => {
    const { resolved } = await asked({
      dns: { provider: 'cloudflare', secrets: { CLOUDFLARE_API_TOKEN: { env: 'CLOUDFLARE_API_TOKEN' } } },
    });
    await expect(resolved).rejects.toMatchObject({ code: 'SECRETS_NOT_GRANTED' });
  });

  it('are never the provider’s token, granted or named like it', async () => {
    const granted = await asked({ hcloud: { secrets: { HCLOUD_TOKEN: { env: 'HCLOUD_TOKEN' } } } });
    await expect(granted.resolved).rejects.toMatchObject({
      code: 'SECRETS_NOT_GRANTED',
      details: [expect.stringContaining('only built-in components get')],
    });
    const own = await asked({ hcloud: { secrets: { HCLOUD_TOKEN: { env: 'OWN_TOKEN' } } } });
    expect((await own.resolved).map(({ data }) => revealed(data)['token'])).not.toContain('planted-provider');
  });
});
