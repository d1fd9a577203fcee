import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

let cli: Cli;
beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

const file = (count: number, workers: number): string =>
  `name: demo\nprovider: {name: sandbox}\ncontrolPlane: {count: ${count}}\npools: [{name: web, count: ${workers}}]\n`;

it('three servers and five workers become one each, wave by wave, and the API answers all along', async () => {
  const path = join(cli.home, 'cluster.yaml');
  writeFileSync(path, file(3, 5));
  const created = await cli.run(['cluster', 'create', '-f', path, '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });

  writeFileSync(path, file(1, 1));
  const { out } = await cli.run(['cluster', 'plan', '-f', path]);
  expect(out).toMatch(/~ cp-2 +cordon demo-cp-2-\w+ until it is its turn/);
  expect(out).toMatch(/workers +see that the others are up before 1 more goes/);
  expect(out.match(/- web-\d +drain demo-web-\d-\w+, remove it from Kubernetes and delete it/g)).toHaveLength(4);
  const applied = await cli.run(['cluster', 'apply', '-f', path, '--yes', '--json']);
  expect(applied, applied.err).toMatchObject({ code: 0 });

  const status = await cli.run(['cluster', 'status', 'demo', '--json']);
  const { machines } = JSON.parse(status.out) as { machines: readonly { node?: { ready: boolean } }[] };
  expect(machines.map(({ node }) => node?.ready)).toEqual([true, true]);
  const again = await cli.run(['cluster', 'plan', '-f', path, '--detailed-exitcode']);
  expect(again, again.out).toMatchObject({ code: 0 });
});
