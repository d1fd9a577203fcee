import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { BareHosts } from '../support/bare-hosts.js';
import { program, releaseFolder } from '../support/bundles.js';
import { Cli, type Run } from '../support/cli.js';

const version = 'v1.36.5+k3s1';
const cli = new Cli();
let hosts: BareHosts;
let bundle: string;

interface Asked {
  readonly servers: 1 | 3;
  readonly workers?: number;
  /** Names of hosts that are not in the file (any more). */
  readonly without?: readonly string[];
  readonly api?: { readonly address?: string; readonly vipProvider?: string };
}

/** Writes the cluster file over these hosts; the rest of a command line that uses it. */
function file({ servers, workers = 1, without = [], api = { address: hosts.freeAddress } }: Asked): string[] {
  const spec = {
    name: 'rack',
    provider: {
      name: 'ssh',
      identity: hosts.keyFile,
      hosts: hosts.hosts
        .filter(({ name }) => !without.includes(name))
        .map(({ name, address, port, user, hostKey }) => ({
          ...{ name, address, port, user, hostKey },
          type: name.startsWith('cp') ? 'server' : 'worker',
        })),
    },
    kubernetes: { version, bundle, api },
    controlPlane: { count: servers, type: 'server' },
    pools: [{ name: 'workers', type: 'worker', count: workers }],
    network: { encryption: 'none' },
  };
  writeFileSync(join(cli.home, 'rack.yaml'), stringify(spec));
  return ['-f', 'rack.yaml'];
}
/** One server less in the file, and another way to hold the address. */
const later = (): Asked => ({
  servers: 3,
  without: ['cp-a'],
  api: { address: hosts.freeAddress, vipProvider: 'kube-vip' },
});
const apply = (asked: Asked) => cli.run(['cluster', 'apply', ...file(asked), '--yes', '--progress', 'plain']);
/** 0: nothing to do. */
const planned = async (asked: Asked) =>
  (await cli.run(['cluster', 'plan', ...file(asked), '--detailed-exitcode'])).code;
const kubeconfig = (): string => readFileSync(join(cli.home, 'ws', 'clusters', 'rack', 'kubeconfig'), 'utf8');
/** The address that kubectl asks first, then the spare ones. */
const servers = (): string[] =>
  [...kubeconfig().matchAll(/(?:server:|-) https:\/\/([\d.]+):/g)].map(([, found]) => found!);
const status = async (): Promise<{ api: { reachable: boolean }; machines: { name: string }[] }> =>
  JSON.parse((await cli.run(['cluster', 'status', 'rack', '--json'])).out) as never;
const onHost = async (host: string, path: string): Promise<string | undefined> =>
  (await hosts.now()).find(({ name }) => name === host)!.files.find((line) => line.includes(path));

beforeAll(async () => {
  expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
  hosts = await BareHosts.order(cli, [
    // Nothing of theirs can be downloaded: all they get comes from the bundle.
    ...['cp-a', 'cp-b', 'cp-c', 'cp-d'].map((name) => ({ name })),
    ...['w-a', 'w-b', 'w-c', 'w-d'].map((name) => ({ name, facts: { offline: true } })),
  ]);
  bundle = join(cli.home, 'bundle');
  const from = releaseFolder(join(cli.home, 'release'), { imageBytes: 200_000 });
  const made = await cli.run(['bundle', 'create', '--k3s-version', version, '--from', from, '--out', bundle]);
  expect(made).toMatchObject({ code: 0 });
});
afterAll(() => cli.close());

describe('what is refused before the first change', () => {
  const untouched = async (): Promise<void> => {
    for (const { name } of hosts.hosts) expect(await onHost(name, '/etc/slipway')).toBeUndefined();
  };

  it('a bundle with a file that was changed', async () => {
    const path = join(bundle, 'k3s');
    const right = readFileSync(path);
    writeFileSync(path, program('amd64', 'something else'));
    const run = await apply({ servers: 1 });
    writeFileSync(path, right);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/The bundle .* cannot be used.*k3s/);
    expect(run.err).toContain('slipway bundle create');
    await untouched();
  });

  it('a bundle of another version', async () => {
    const args = file({ servers: 1 });
    const text = readFileSync(join(cli.home, 'rack.yaml'), 'utf8');
    writeFileSync(join(cli.home, 'rack.yaml'), text.replace(version, 'v1.36.6+k3s1'));
    const run = await cli.run(['cluster', 'create', ...args, '--yes']);
    expect(run).toMatchObject({ code: 2, err: expect.stringContaining('v1.36.6+k3s1 is asked for') as string });
    await untouched();
  });

  it('an address that is a host’s own, with the reason', async () => {
    const run = await apply({ servers: 1, api: { address: hosts.hosts[3]!.address } });
    expect(run.code).toBe(2);
    expect(run.err).toContain('cp-d has it');
    await untouched();
  });

  it('an address where the provider has balancers of its own', async () => {
    const spec = { name: 'clouded', provider: { name: 'sandbox' }, kubernetes: { api: { address: '10.0.0.200' } } };
    writeFileSync(join(cli.home, 'clouded.yaml'), stringify(spec));
    const run = await cli.run(['cluster', 'create', '-f', 'clouded.yaml', '--yes', '--json']);
    expect(run.code).toBe(3);
    expect(JSON.parse(run.out)).toMatchObject({ error: { code: 'API_ADDRESS_NOT_NEEDED' } });
    expect(await cli.cloud('servers')).toEqual([]);
  });
});

describe('machines of a cloud', () => {
  const create = (type: string): Promise<Run> => {
    const spec = {
      name: 'clouded',
      provider: { name: 'sandbox' },
      kubernetes: { version, bundle: './bundle' },
      controlPlane: { type },
    };
    writeFileSync(join(cli.home, 'clouded.yaml'), stringify(spec));
    return cli.run(['cluster', 'create', '-f', 'clouded.yaml', '--yes', '--progress', 'plain']);
  };

  it('are not made where the bundle has no program for them', async () => {
    const run = await create('cax11');
    expect(run).toMatchObject({ code: 2, err: expect.stringContaining('no k3s program for arm64') as string });
    expect(run.err).toContain('--arch arm64');
    expect(await cli.cloud('servers')).toEqual([]);
  });

  it('get k3s from the bundle, too', async () => {
    const run = await create('cx23');
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(run.err).toContain(`install k3s ${version} from the bundle`);
    const gone = await cli.run(['cluster', 'delete', 'clouded', '--yes', '--confirm', 'clouded']);
    expect(gone).toMatchObject({ code: 0 });
  });
});

describe('servers that hold the address of the API', () => {
  it('take turns from the first join on, with k3s from the bundle', async () => {
    expect(await apply({ servers: 3 })).toMatchObject({ code: 0 });
    expect(servers()[0]).toBe(hosts.freeAddress);
    expect(servers()).toHaveLength(4);
    expect(await onHost('w-a', '/agent/images/k3s-airgap-images-amd64.tar.zst')).toBeDefined();
    expect(await onHost('w-a', '/var/lib/slipway/incoming/')).toBeUndefined();
    expect(await planned({ servers: 3 })).toBe(0);
  });

  it('need the bundle no more once all have their k3s', async () => {
    const before = readFileSync(join(bundle, 'bundle.json'));
    rmSync(join(bundle, 'bundle.json'));
    expect(await planned({ servers: 3 })).toBe(0);
    writeFileSync(join(bundle, 'bundle.json'), before);
  });

  it('keep the address: it cannot be changed or left out any more', async () => {
    const run = await apply({ servers: 3, api: {} });
    expect(run).toMatchObject({ code: 3, err: expect.stringContaining('they would lose it') as string });
  });

  it('learn of the one that takes the place of another, and change to kube-vip in the same go', async () => {
    const run = await apply(later());
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(run.err).toMatch(/hand .* over from keepalived to kube-vip/);
    expect(await planned(later())).toBe(0);
    expect((await status()).api.reachable).toBe(true);
    // What was done to the host that left is undone.
    expect(await onHost('cp-a', 'slipway')).toBeUndefined();
  });

  it('change back to keepalived, which does not hear kube-vip, one after the other', async () => {
    const back: Asked = { ...later(), api: { address: hosts.freeAddress, vipProvider: 'keepalived' } };
    const run = await apply(back);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(run.err).toMatch(/hand .* over from kube-vip to keepalived/);
    expect(await planned(back)).toBe(0);
    expect((await status()).api.reachable).toBe(true);
    const again = await apply(later());
    expect(again, again.err).toMatchObject({ code: 0 });
  });
});

describe('servers that are left over', () => {
  it('are released one after another, and the address goes on answering', async () => {
    const one: Asked = { ...later(), servers: 1 };
    const run = await apply(one);
    expect(run, run.err).toMatchObject({ code: 0 });
    expect(await planned(one)).toBe(0);
    expect((await status()).api.reachable).toBe(true);
    expect(servers()).toHaveLength(2);
  });
});

describe('hosts with bad luck', () => {
  const four = (): Asked => ({ ...later(), servers: 1, workers: 4 });

  it('are named, each with its remedy, while the others go on; running again finishes', async () => {
    await hosts.change('^w-b$', { diskFullAfterBytes: 50_000 });
    await hosts.change('^w-c$', { wrongToken: true });
    const run = await apply(four());
    expect(run.code).toBe(4);
    expect(run.err).toMatch(/workers-2: .* has \d+ MiB free below \S+ where \d+ MiB are needed[^]*Make room/);
    expect(run.err).toMatch(/workers-3: .*the server does not take the token[^]*→ Compare/);
    expect(run.err).toContain('workers-4  done: join as an agent');
    await hosts.change('^w-b$', { diskFullAfterBytes: null });
    await hosts.change('^w-c$', { wrongToken: false });
    const again = await apply(four());
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await planned(four())).toBe(0);
  });
});
