import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();
afterAll(() => cli.close());

const shape = ['--provider', 'sandbox-linode', '--control-planes', '3', '--workers', '3', '--yes', '--json'];

interface Thing {
  readonly label: string;
  readonly tags?: readonly string[];
}

/** All of one kind in the sandbox's Linode account, as its API lists them. */
async function account(path: string): Promise<readonly Thing[]> {
  const { linodeEndpoint, info } = await cli.sandbox();
  const answer = await fetch(`${linodeEndpoint}${path}?page_size=500`, {
    headers: { Authorization: `Bearer ${info.cloudToken}` },
  });
  return ((await answer.json()) as { data: Thing[] }).data;
}

const everything = [
  '/linode/instances',
  '/nodebalancers',
  '/networking/firewalls',
  '/placement/groups',
  '/vpcs',
  '/profile/sshkeys',
  '/volumes',
];

describe('a cluster of three servers and three workers at Linode', () => {
  it('refuses London where only Sweden is allowed, and names the country', async () => {
    const file = join(cli.home, 'cluster.yaml');
    writeFileSync(
      file,
      `apiVersion: slipway.dev/v1
kind: Cluster
name: north
provider: {name: sandbox-linode, locations: [eu-west], residency: [SE]}
`,
    );
    const refused = await cli.run(['cluster', 'create', '-f', file, '--yes']);
    expect(refused.code).toBe(3);
    expect(refused.err).toContain('eu-west is in Great Britain (GB), outside the residency SE');
    expect(refused.err).toContain('se-sto');
    expect(await account('/linode/instances')).toEqual([]);
  });

  it('that was killed while its machines were made is finished by the same command', async () => {
    const killed = await cli.run(['cluster', 'create', 'demo', ...shape], {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([
        { when: 'after', kind: 'provider', what: '^POST /linode/instances$', nth: 2, act: 'kill' },
      ]),
    });
    expect(killed.code).toBe(137);
    const created = await cli.run(['cluster', 'create', 'demo', ...shape]);
    expect(created.err).not.toContain('failed');
    expect(created.code).toBe(0);
    const instances = await account('/linode/instances');
    expect(instances).toHaveLength(6);
    for (const { tags } of instances) expect(tags).toContain('slipway:cluster=demo');
    expect((await account('/nodebalancers')).map(({ label }) => label)).toEqual(['demo-api']);
  });

  it('is what Linode’s variables point at after `sandbox status --env`', async () => {
    const { linodeEndpoint, info } = await cli.sandbox();
    const { out } = await cli.run(['sandbox', 'status', '--env', '--json']);
    expect(JSON.parse(out)).toMatchObject({ LINODE_URL: linodeEndpoint, LINODE_TOKEN: info.cloudToken });
  });

  it('is as the file asks for, with its nodes known to the cloud and its price in dollars', async () => {
    const plan = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode', '--json']);
    expect(plan.code).toBe(0);
    const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
      api: { reachable: boolean };
      machines: { type: string; node?: { ready: boolean } }[];
    };
    expect(status.api.reachable).toBe(true);
    expect(status.machines.map(({ type, node }) => [type, node?.ready])).toEqual(
      Array.from({ length: 6 }, () => ['g6-standard-2', true]),
    );
  });

  it('is deleted with everything that it stood on', async () => {
    expect((await cli.run(['cluster', 'delete', 'demo', '--yes', '--confirm', 'demo'])).code).toBe(0);
    for (const kind of everything) expect(await account(kind), kind).toEqual([]);
  });
});
