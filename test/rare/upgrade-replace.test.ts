import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli, type Run } from '../support/cli.js';

const cli = new Cli('0.02');
const path = join(cli.home, 'cluster.yaml');
const old = 'v1.35.5+k3s1';
const next = 'v1.36.5+k3s1';

interface Server {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
const upgrade = (args: readonly string[] = [], boundary?: object): Promise<Run> =>
  cli.run(
    ['cluster', 'upgrade', 'demo', '--to', next, ...args],
    boundary && { SLIPWAY_TEST_BOUNDARY: JSON.stringify([boundary]) },
  );
/** Release of the node in each place and generation. */
async function versions(): Promise<readonly string[]> {
  const machines = await cli.cloud<Server>('servers');
  const { machines: known } = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    machines: { name: string; node?: { version: string } }[];
  };
  return machines
    .map(({ name, labels }) => {
      const of = (key: string): string => labels[`slipway.dev/${key}`]!;
      const version = known.find((machine) => machine.name === name)?.node?.version ?? 'no node';
      return `${of('pool')}-${of('slot')}.${of('generation')} ${version}`;
    })
    .sort();
}

beforeAll(async () => {
  writeFileSync(
    path,
    `name: demo
provider: {name: sandbox, locations: [fsn1]}
kubernetes: {version: ${old}}
controlPlane: {count: 3}
pools: [{name: web, type: cax21, count: 2}]
`,
  );
  const created = await cli.run(['cluster', 'create', '-f', path, '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

describe('`cluster upgrade --strategy replace`', () => {
  it('shows each node with the machine that takes its place, and the snapshot before', async () => {
    const shown = await upgrade(['--strategy', 'replace', '--dry-run']);
    expect(shown, shown.err).toMatchObject({ code: 0 });
    expect(shown.out).toContain('take a snapshot, slipway-at-v1.35.5-k3s1');
    expect(shown.out).toMatch(
      /- cp-3 +with v1\.36\.5\+k3s1: create \w+ in fsn1, join it; drain demo-cp-3-\w+ and delete it/,
    );
    expect(shown.out).toMatch(/- web-1 +with v1\.36\.5\+k3s1: create cax21 in fsn1, join it/);
    const asked = await upgrade(['--strategy', 'replace']);
    expect(asked.code).toBe(2);
    expect(asked.err).toMatch(/lost: \w+ in fsn1, with everything on its disk/);
  }, 60_000);

  it('replaces servers and then workers by fresh machines with the release, wherever it was killed', async () => {
    const points = [
      { when: 'after', kind: 'ssh', what: 'snapshot-etcd' },
      { when: 'after', kind: 'provider', what: 'POST /servers$' },
      { when: 'before', kind: 'ssh', what: 'demo-cp-\\d\\S* start-k3s' },
      { when: 'after', kind: 'kube', what: 'DELETE .*demo-cp' },
      { when: 'after', kind: 'provider', what: 'DELETE /servers/' },
      { when: 'before', kind: 'provider', what: 'DELETE /servers/', nth: 2 },
    ];
    for (const point of points) {
      const killed = await upgrade(['--strategy', 'replace', '--yes'], { ...point, act: 'kill' });
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    // It goes on as it was begun, also where nobody says so again.
    const done = await upgrade(['--yes']);
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await versions()).toEqual(
      ['cp-1.2', 'cp-2.2', 'cp-3.2', 'web-1.2', 'web-2.2'].map((one) => `${one} ${next}`),
    );
    const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as object;
    expect(status).toMatchObject({ etcd: { members: 3, voters: 3 }, kubernetesVersion: next, outdated: [] });
    expect(readFileSync(path, 'utf8')).toContain(`version: ${next}`);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
  }, 300_000);
});
