import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

let cli: Cli;
beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

function file(residency: string, components = ''): void {
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    `name: demo\nprovider: {name: sandbox, locations: [fsn1]${residency}}\ncontrolPlane: {count: 1}\npools: [{name: web, count: 1}]\n${components}`,
  );
}

const remarks = async (): Promise<string[]> =>
  (JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as { remarks: string[] }).remarks;

it('plan, apply and status hold a cluster to a residency that its file names later', async () => {
  file('');
  expect((await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes'])).code).toBe(0);
  const names = (await cli.cloud('servers')).map(({ name }) => name).sort();
  expect(await remarks()).toEqual([]);

  file(', residency: [FI]');
  const outside = `fsn1 is in Germany (DE), outside the residency FI: ${names.join(', ')} are there.`;
  for (const command of [
    ['cluster', 'plan', '-f', 'cluster.yaml'],
    ['cluster', 'apply', '-f', 'cluster.yaml', '--yes'],
  ]) {
    const { code, err } = await cli.run(command);
    expect(err).toContain(outside);
    expect(err).toContain('add DE to provider.residency');
    expect(code).toBe(3);
  }
  expect(await remarks()).toEqual([expect.stringContaining(outside)]);

  file(', residency: [DE]');
  expect((await cli.run(['cluster', 'apply', '-f', 'cluster.yaml', '--yes'])).code).toBe(0);
  expect(await remarks()).toEqual([]);

  file(', residency: [de]');
  expect(await remarks()).toEqual([expect.stringMatching(/The file of demo cannot be read: .*ISO 3166-1/)]);
});
