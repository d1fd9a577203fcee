import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
/** Hosts of this computer answer at once, or not at all. */
const patience = { SLIPWAY_SSH_PATIENCE: '2' };
let hosts: BareHosts;

/** Writes a cluster file with these hosts; the rest of a command line that uses it. */
function file(list: readonly string[], { name = 'metal', workers = 1 } = {}): string[] {
  const entries = list.map((desired) => {
    const { address, port, user, hostKey } = hosts.hosts.find((one) => one.name === desired)!;
    return { name: desired, address, port, user, hostKey };
  });
  const spec = {
    name,
    provider: { name: 'ssh', identity: hosts.keyFile, hosts: entries },
    controlPlane: { count: 1 },
    pools: workers === 0 ? [] : [{ name: 'web', count: workers }],
  };
  writeFileSync(join(cli.home, `${name}.yaml`), stringify(spec));
  return ['-f', `${name}.yaml`];
}
const run = (...args: string[]) => cli.run(args, patience);
const create = (args: readonly string[]) => run('cluster', 'create', ...args, '--yes');
const confirmed = ['--yes', '--confirm', 'metal'];
const failure = async (...args: string[]) => {
  const { code: exit, out } = await run(...args, '--json');
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details?: string[] } };
  return { ...error, exit };
};
/** All that this computer knows of clusters on hosts of one's own. */
function loseWorkspace(): void {
  for (const part of ['clusters', 'state/ssh']) rmSync(join(cli.home, 'ws', part), { recursive: true, force: true });
}
/** Names of hosts that carry a claim. */
const claimed = async (): Promise<string[]> =>
  (await hosts.now())
    .filter(({ files }) => files.some((line) => line.startsWith('/etc/slipway/claim ')))
    .map(({ name }) => name);
const leftovers = async () => (await hosts.now()).map(({ files, units }) => ({ files, units }));
let asFound: Awaited<ReturnType<typeof leftovers>>;

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  hosts = await BareHosts.order(
    cli,
    ['a', 'b', 'c'].map((name) => ({ name })),
  );
  asFound = await leftovers();
});
afterAll(() => cli.close());

describe('hosts of a cluster whose workspace is lost', () => {
  it('are refused to others, with the command that frees them', async () => {
    const made = await create(file(['a', 'b']));
    expect(made, made.err).toMatchObject({ code: 0 });
    expect(await claimed()).toEqual(['a', 'b']);
    loseWorkspace();
    const again = await failure('cluster', 'create', ...file(['a', 'b']), '--yes');
    expect(again).toMatchObject({ code: 'UNKNOWN_NAMESAKE', exit: 3 });
    expect(again.hint).toContain(`slipway cluster delete metal -f ${join(cli.home, 'metal.yaml')}`);
    const other = await failure('cluster', 'create', ...file(['a', 'b'], { name: 'other' }), '--yes');
    expect([...(other.details ?? []), other.hint].join('\n')).toContain('slipway cluster delete metal -f cluster.yaml');
  });

  it('are not released without a yes, nor while one of the file cannot be asked whose it is', async () => {
    const asked = await failure('cluster', 'delete', ...file(['a', 'b', 'c']), '--yes');
    expect(asked.exit).toBe(2);
    expect(asked.message + asked.hint).toContain('--confirm metal');
    loseWorkspace();
    await hosts.act('cutOff', '^b$');
    const silent = await failure('cluster', 'delete', ...file(['a', 'b', 'c']), ...confirmed);
    const alone = ['cluster', 'delete', ...file(['b'], { workers: 0 }), ...confirmed];
    const none = await failure(...alone);
    const lost = await cli.run(alone, { ...patience, SLIPWAY_LOST_HOSTS: 'b' });
    await hosts.act('reconnect', '^b$');
    expect(silent).toMatchObject({ code: 'SSH_UNREACHABLE', exit: 3 });
    expect(silent.hint).toContain('Bring b back or take it out of provider.hosts');
    expect(silent.hint).toContain('SLIPWAY_LOST_HOSTS=b');
    expect(lost).toMatchObject({ code: 2, err: expect.stringContaining('knows a cluster called metal') as string });
    expect(none).toMatchObject({ code: 'SSH_UNREACHABLE', exit: 3 });
    expect(await claimed()).toEqual(['a', 'b']);
  });

  it('are taken on again by the file: the record, the kubeconfig, and a cluster that is as it was', async () => {
    const unfiled = await failure('cluster', 'adopt', 'metal', '--provider', 'ssh');
    expect(unfiled).toMatchObject({ code: 'HOSTS_MISSING', exit: 2 });
    const adopted = await run('cluster', 'adopt', ...file(['a', 'b', 'c']), '--yes', '--json');
    expect(adopted, adopted.err).toMatchObject({ code: 0 });
    const { steps } = JSON.parse(adopted.out) as { readonly steps: readonly { readonly id: string }[] };
    expect(steps.map(({ id }) => id)).toEqual(['kubeconfig', 'record']);
    const planned = await run('cluster', 'plan', ...file(['a', 'b', 'c']), '--detailed-exitcode');
    expect(planned, planned.out + planned.err).toMatchObject({ code: 0 });
    expect(await run('cluster', 'status', 'metal', '--exit-code')).toMatchObject({ code: 0 });
  });

  it('are freed by the file, as they were found, and can be taken again', async () => {
    loseWorkspace();
    const args = ['cluster', 'delete', ...file(['a', 'b', 'c']), ...confirmed];
    const { code, out, err } = await run(...args);
    expect(code, err).toBe(0);
    expect(out).toContain('metal is deleted: 2 machines removed.');
    expect(await leftovers()).toEqual(asFound);
    const again = await failure(...args);
    expect(again).toMatchObject({ code: 'UNKNOWN_CLUSTER', exit: 2 });
    const made = await create(file(['a', 'b', 'c']));
    expect(made, made.err).toMatchObject({ code: 0 });
  });

  it('are freed also by the file of another cluster, when the name is said; a known one wants its own', async () => {
    const others = file(['a', 'b', 'c'], { name: 'other' });
    const known = await failure('cluster', 'delete', 'metal', ...others, ...confirmed);
    expect(known).toMatchObject({ code: 'NAME_MISMATCH', exit: 2 });
    expect(await claimed()).toEqual(['a', 'b']);
    loseWorkspace();
    const unsaid = await failure('cluster', 'delete', ...others, '--yes', '--confirm', 'other');
    expect(unsaid).toMatchObject({ code: 'UNKNOWN_CLUSTER', hint: expect.stringContaining('metal') as string });
    const said = await run('cluster', 'delete', 'metal', ...others, ...confirmed);
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(await leftovers()).toEqual(asFound);
  });
});

describe('two clusters of one name', () => {
  beforeAll(async () => {
    expect(await create(file(['a'], { workers: 0 }))).toMatchObject({ code: 0 });
    loseWorkspace();
    expect(await create(file(['c'], { workers: 0 }))).toMatchObject({ code: 0 });
  });

  it('are taken on again by their ids, which the refusal names, or by a file with hosts of one', async () => {
    loseWorkspace();
    const args = ['cluster', 'adopt', ...file(['a', 'b', 'c'])];
    const refused = await failure(...args, '--yes');
    expect(refused).toMatchObject({ code: 'SEVERAL_CLUSTERS', exit: 3 });
    const ids = [...refused.hint.matchAll(/--id (\w+)/g)].map(([, id]) => id!);
    expect(ids).toHaveLength(2);
    const servers: string[] = [];
    for (const id of ids) {
      const adopted = await run(...args, '--id', id, '--yes', '--json');
      expect(adopted, adopted.err).toMatchObject({ code: 0 });
      expect(JSON.parse(adopted.out)).toMatchObject({ id });
      const { out } = await run('cluster', 'kubeconfig', 'metal');
      servers.push(...hosts.hosts.filter(({ address }) => out.includes(`https://${address}:`)).map(({ name }) => name));
      loseWorkspace();
    }
    expect(servers.sort()).toEqual(['a', 'c']);
    expect(await failure(...args, '--id', 'another', '--yes')).toMatchObject({ code: 'UNKNOWN_CLUSTER', exit: 2 });
    const one = await run('cluster', 'adopt', ...file(['c'], { workers: 0 }), '--yes');
    expect(one, one.err).toMatchObject({ code: 0 });
  });

  it('are told apart: a file with hosts of both is refused, and one of each frees them', async () => {
    const both = (): string[] => ['cluster', 'delete', ...file(['a', 'b', 'c']), ...confirmed];
    const known = await failure(...both());
    expect(known).toMatchObject({ code: 'SEVERAL_CLUSTERS', exit: 3 });
    expect(known.details).toHaveLength(2);
    expect(known.details!.join('\n')).toMatch(/: .*\(a\)/);
    expect(known.details!.join('\n')).toMatch(/: .*\(c\)/);
    // The file speaks of the one that is lost, the workspace of the other.
    const crossed = await failure('cluster', 'delete', ...file(['a'], { workers: 0 }), ...confirmed);
    expect(crossed).toMatchObject({ code: 'SEVERAL_CLUSTERS', exit: 3 });
    loseWorkspace();
    expect(await failure(...both())).toMatchObject({ code: 'SEVERAL_CLUSTERS', exit: 3 });
    expect(await claimed()).toEqual(['a', 'c']);
    loseWorkspace();
    expect(await run('cluster', 'delete', ...file(['a'], { workers: 0 }), ...confirmed)).toMatchObject({ code: 0 });
    expect(await claimed()).toEqual(['c']);
    expect(await run(...both())).toMatchObject({ code: 0 });
    expect(await leftovers()).toEqual(asFound);
  });
});
