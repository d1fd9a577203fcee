import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;
const nameOf = (number: number): string => `t${String(number).padStart(3, '0')}`;
const fileOf = (name: string): string => join(cli.home, 'tenants', `${name}.yaml`);

function describeTenants(from: number, to: number): void {
  for (let number = from; number <= to; number += 1)
    writeFileSync(
      fileOf(nameOf(number)),
      `apiVersion: slipway.dev/v1\nkind: Tenant\nname: ${nameOf(number)}\ndomains: [${nameOf(number)}.example.com]\n`,
    );
}
const done = async (...args: readonly string[]): Promise<Run> => {
  const ran = await cli.run(args);
  expect(ran, `${args.join(' ')}\n${ran.err}`).toMatchObject({ code: 0 });
  return ran;
};
/** Their namespaces, in the cluster. */
async function namespaces(): Promise<readonly string[]> {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  const all = await kube.list('v1', 'Namespace', {}, { signal });
  return all.map(({ metadata }) => metadata.name).filter((name) => /^t\d{3}/.test(name));
}

beforeAll(async () => {
  mkdirSync(join(cli.home, 'tenants'));
  describeTenants(1, 60);
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    'name: demo\nprovider: {name: sandbox}\ncomponents: {preset: none}\ntenantsFrom: ./tenants\n',
  );
  await done('cluster', 'create', '-f', 'demo.yaml', '--yes');
});
afterAll(() => cli.close());

describe('a hundred tenants', () => {
  it('are made by one apply, also by one that was killed in the middle and is run again, and the plan is empty then', async () => {
    expect(await namespaces()).toHaveLength(2 * 60);
    describeTenants(61, 100);
    const kill = { when: 'after', kind: 'kube', what: nameOf(75), act: 'kill' };
    const killed = await cli.run(['cluster', 'apply', 'demo', '--yes'], {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([kill]),
    });
    expect(killed.code, killed.err).toBe(137);
    const there = await namespaces();
    expect(there.length).toBeGreaterThan(2 * 60);
    expect(there.length).toBeLessThan(2 * 100);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 5 });
    await done('cluster', 'apply', 'demo', '--yes');
    expect(await namespaces()).toHaveLength(2 * 100);
    await done('cluster', 'plan', 'demo', '--detailed-exitcode');
    const { tenants } = JSON.parse((await done('tenant', 'list', 'demo', '--json')).out) as {
      readonly tenants: readonly object[];
    };
    expect(tenants).toHaveLength(100);
  });

  it('lose one that is deleted, which leaves nothing, and no other', async () => {
    const name = nameOf(42);
    expect(await cli.run(['tenant', 'delete', 'demo', name, '--yes', '--confirm', 'another'])).toMatchObject({
      code: 2,
    });
    expect(existsSync(fileOf(name))).toBe(true);
    const { out } = await done('tenant', 'delete', 'demo', name, '--yes', '--confirm', name);
    expect(out).toContain('left outside');
    expect(existsSync(fileOf(name))).toBe(false);
    const left = await namespaces();
    expect(left).toHaveLength(2 * 99);
    expect(left.filter((one) => one.startsWith(name))).toEqual([]);
    await done('cluster', 'plan', 'demo', '--detailed-exitcode');
  });
});
