import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

interface Plan {
  readonly steps: readonly { readonly target: string }[];
  readonly unchecked: readonly { readonly code: string; readonly message: string; readonly details?: string[] }[];
}

const readOnly = { SLIPWAY_SANDBOX_ACCESS: 'read-only' };
const secrets = { CLOUDFLARE_API_TOKEN: 'planted-cloudflare-token' };
const cli = new Cli();

function file(workers: number): void {
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    [
      'name: demo',
      'provider: {name: sandbox, locations: [fsn1]}',
      'controlPlane: {count: 1}',
      `pools: [{name: web, count: ${workers}}]`,
      'components: {external-dns: {dns: {provider: cloudflare}, domains: [shop.dev]}}',
      '',
    ].join('\n'),
  );
}

const plan = (env: Record<string, string>, ...more: string[]) =>
  cli.run(['cluster', 'plan', '-f', 'cluster.yaml', '--progress', 'none', ...more], env);
const planJson = async (env: Record<string, string>): Promise<Plan> =>
  JSON.parse((await plan(env, '--json')).out) as Plan;
const apply = (env: Record<string, string>) => cli.run(['cluster', 'apply', '-f', 'cluster.yaml', '--yes'], env);

beforeAll(async () => {
  file(1);
  expect((await cli.run(['sandbox', 'start'])).code).toBe(0);
});
afterAll(() => cli.close());

it('`cluster plan` of a new cluster needs neither a token that can write nor secrets, and says so', async () => {
  const { code: exit, out, err } = await plan(readOnly);
  expect(err).toBe('');
  expect(exit).toBe(0);
  expect(out).toContain('from CLOUDFLARE_API_TOKEN, which is not set');
  expect(out).toMatch(/Not checked\n {2}The Hetzner API token can only read\./);
  expect(out).toContain('CLOUDFLARE_API_TOKEN is not set; it is for external-dns');
  const { steps, unchecked } = await planJson(readOnly);
  expect(steps.length).toBeGreaterThan(5);
  expect(unchecked.map(({ code }) => code)).toEqual(['TOKEN_READ_ONLY', 'SECRETS_MISSING']);
  expect(unchecked[1]!.details).toEqual([expect.stringContaining('CLOUDFLARE_API_TOKEN')]);
});

it('`cluster apply` still refuses both before anything is made', async () => {
  const secretless = await apply({});
  expect(secretless.err).toContain('CLOUDFLARE_API_TOKEN is not set');
  expect(secretless.code).toBe(2);
  const reading = await apply({ ...readOnly, ...secrets });
  expect(reading.err).toContain('The Hetzner API token can only read.');
  expect(reading.code).toBe(2);
  expect(await cli.cloud('servers')).toEqual([]);
});

it('`cluster plan` finds the same changes of a cluster with a token that can only read', async () => {
  expect((await apply(secrets)).code).toBe(0);
  const same = await plan({ ...readOnly, ...secrets }, '--detailed-exitcode');
  expect(same.err).toBe('');
  // The token for reading is none of the cluster's: it is not to be written over the one that components work with.
  expect(same.out).toContain('No changes.');
  expect(same.code).toBe(0);
  expect((await planJson(secrets)).unchecked).toEqual([]);

  file(2);
  const whole = await planJson(secrets);
  const partial = await planJson(readOnly);
  expect(partial.steps).toEqual(whole.steps);
  expect(partial.unchecked.map(({ code }) => code)).toEqual(['TOKEN_READ_ONLY', 'SECRETS_NOT_COMPARED']);
  expect(partial.unchecked[1]!.message).toContain('CLOUDFLARE_API_TOKEN, HCLOUD_TOKEN');
  expect(await cli.cloud('servers')).toHaveLength(2);
});

it('`cluster plan` takes the answer to a token that can only read in the form of before October 2026, too', async () => {
  const error = { status: 401, code: 'token_readonly', message: 'only read access allowed' };
  await cli.order({ cloud: [{ match: { method: 'DELETE', path: '^/ssh_keys/0$' }, effect: { error } }] });
  const { steps, unchecked } = await planJson(secrets);
  expect(steps.length).toBeGreaterThan(0);
  expect(unchecked.map(({ code }) => code)).toEqual(['TOKEN_READ_ONLY', 'SECRETS_NOT_COMPARED']);
});

it('`component upgrade` with a token that can only read: --dry-run finds no change in its Secret, the upgrade is refused', async () => {
  const env = { ...readOnly, ...secrets };
  const dry = await cli.run(['component', 'upgrade', 'demo', '--dry-run'], env);
  expect(dry.out).toContain('No changes.');
  expect(dry.out).toMatch(/Not checked\n {2}The Hetzner API token can only read\./);
  expect(dry.out).toContain('1 secret in the cluster was not compared: HCLOUD_TOKEN.');
  expect(dry.code).toBe(0);

  const upgrade = await cli.run(['component', 'upgrade', 'demo'], env);
  expect(upgrade.err).toContain('The Hetzner API token can only read.');
  expect(upgrade.code).toBe(2);
});

it('`component upgrade --dry-run` shows a Secret whose value is not set, and says so', async () => {
  const { code, out } = await cli.run(['component', 'upgrade', 'demo', '--dry-run']);
  expect(code).toBe(0);
  expect(out).toContain('1 secret in the cluster was not compared: CLOUDFLARE_API_TOKEN.');
});
