import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { MemoryCloud } from '../../../docs/examples/provider/cloud.js';
import { createMemoryProvider } from '../../../docs/examples/provider/provider.js';
import { tenantFileChange } from '../../../src/cli/change-tenants.js';
import { askedOf, changeOfFlags, tenantChange, type TenantFlags } from '../../../src/cli/tenant-input.js';
import { loadClusterFile } from '../../../src/config/index.js';
import { Secret } from '../../../src/domain/secret.js';
import type { Kube } from '../../../src/kube/types.js';
import { createRuntime, type Runtime } from '../../../src/runtime/context.js';
import { builtInProviders } from '../../../src/runtime/providers.js';
import { deleteTenant } from '../../../src/workflows/tenant/delete.js';
import { listTenants, tenantKubeconfig, tenantStatus } from '../../../src/workflows/tenant/look.js';
import { RecordingReporter } from '../../support/recording-reporter.js';
import { readyNode, SandboxKube } from '../../support/sandbox-kube.js';
import { SimulatedComputers } from '../../support/simulated-computers.js';

let home: string;
let cluster: SandboxKube;
let kube: Kube;
let runtime: Runtime;
let reporter: RecordingReporter;
let computers: SimulatedComputers;
const file = (): string => join(home, 'cluster.yaml');

const kubeconfig = JSON.stringify({
  'current-context': 'demo',
  clusters: [{ name: 'demo', cluster: { server: 'https://203.0.113.7:6443', 'certificate-authority-data': 'Y2E=' } }],
  users: [{ name: 'demo', user: { 'client-key-data': 'a2V5' } }],
  contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
});

/** A cluster that is on record, whose API is the sandbox's. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'slipway-tenants-'));
  computers = new SimulatedComputers(0.01);
  const cloud = new MemoryCloud(computers);
  const memory = async () => ({
    name: 'memory',
    title: 'the cloud in memory',
    ownsMachines: true,
    tokenVariable: 'MEMORY_TOKEN',
    codes: {},
    open: async ({ clock, boundary }: Parameters<typeof createMemoryProvider>[0]) =>
      createMemoryProvider({ cloud, clock, boundary }),
  });
  reporter = new RecordingReporter();
  const env = { HOME: home, SLIPWAY_HOME: join(home, 'ws'), MEMORY_TOKEN: 'any' };
  const providers = { ...builtInProviders, memory: memory as never };
  const made = await createRuntime({ reporter, signal: new AbortController().signal, env, providers });
  cluster = await SandboxKube.start();
  cluster.put(readyNode('node-1'));
  kube = await cluster.client();
  runtime = { ...made, openApi: async () => ({ kube, watch: undefined as never }) };
  write('tenants: # customers\n  - {name: initech, domains: [initech.org]}\n');
  const { spec } = await loadClusterFile(file());
  const folder = runtime.workspace.cluster('demo');
  await folder.saveRecord({ name: 'demo', id: 'a1b2c3', spec, file: file(), createdAt: '2026-11-01T00:00:00Z' });
  await folder.saveKubeconfig(new Secret(kubeconfig));
});
afterEach(async () => {
  await cluster.close();
  computers.close();
  rmSync(home, { recursive: true, force: true });
});

function write(more: string): void {
  writeFileSync(file(), `name: demo\nprovider: {name: memory}\ncomponents: {preset: none}\n${more}`);
}

const how = (operation: string, dryRun = false) => ({ operation, commandLine: `slipway ${operation}`, dryRun });
const create = (name: string, flags: TenantFlags = {}, dryRun = false) =>
  tenantChange(runtime, 'demo', { kind: 'add', name, change: changeOfFlags(flags) }, how('tenant create', dryRun));
const update = (name: string, change: Parameters<typeof changeOfFlags>[0] | { readonly suspended: boolean }) =>
  tenantChange(
    runtime,
    'demo',
    { kind: 'change', name, change: 'suspended' in change ? change : changeOfFlags(change) },
    how('tenant update'),
  );
async function remove(name: string, keepVolumes = false) {
  const { spec } = await askedOf(runtime, 'demo');
  const isAsked = spec.tenants?.some((tenant) => tenant.name === name);
  const begin = isAsked ? await tenantFileChange(runtime, file(), { kind: 'remove', name }) : undefined;
  return deleteTenant(runtime, { spec, tenant: name, keepVolumes, begin }, 'slipway tenant delete');
}
const options = { signal: new AbortController().signal };
const namespaces = async (): Promise<readonly string[]> =>
  (await kube.list('v1', 'Namespace', { labelSelector: 'slipway.dev/tenant' }, options)).map(
    ({ metadata }) => metadata.name,
  );
const text = (): string => readFileSync(file(), 'utf8');

describe('`tenant create`', () => {
  it('makes the tenant, and nothing else of what the file asks for, once the file says so', async () => {
    const { steps } = await create('globex', { domain: ['globex.org'], cpu: '4' });
    expect(steps.map(({ target, text: what }) => `${target}: ${what}`)).toEqual([
      'tenancy: install 14 objects',
      'globex: create its namespaces, quota, network policies and roles',
    ]);
    expect(await namespaces()).toEqual(['globex', 'globex-platform']);
    expect(text()).toContain('# customers');
    expect(parse(text())).toMatchObject({
      tenants: [{ name: 'initech' }, { name: 'globex', domains: ['globex.org'], quota: { cpu: '4' } }],
    });
  });

  it('with --dry-run shows the steps and changes nothing', async () => {
    const before = text();
    expect((await create('globex', {}, true)).steps).toHaveLength(2);
    expect([await namespaces(), text()]).toEqual([[], before]);
  });

  it('writes a file of its own where the cluster file names a folder of tenants', async () => {
    mkdirSync(join(home, 'tenants'));
    write('tenantsFrom: ./tenants\n');
    await create('globex', { domain: ['globex.org'] });
    expect(readFileSync(join(home, 'tenants/globex.yaml'), 'utf8')).toBe(
      'apiVersion: slipway.dev/v1\nkind: Tenant\nname: globex\ndomains:\n  - globex.org\n',
    );
    await update('globex', { pods: 7 });
    expect(readFileSync(join(home, 'tenants/globex.yaml'), 'utf8')).toContain('quota:\n  pods: 7\n');
    await remove('globex');
    expect(readdirSync(join(home, 'tenants'))).toEqual([]);
  });

  it.each<[what: string, name: string, flags: TenantFlags, code: string, message: RegExp]>([
    ['a name that is taken', 'initech', {}, 'TENANT_EXISTS', /has a tenant called initech already/],
    ['a reserved name', 'kube-x', {}, 'BAD_TENANT', /reserved/],
    ['another’s domain', 'globex', { domain: ['shop.initech.org'] }, 'BAD_TENANT', /it would be initech’s too/],
    ['a quota too small', 'globex', { memory: '64Mi' }, 'BAD_TENANT', /"64Mi" is not allowed: at least 128Mi/],
  ])('refuses %s before anything is changed', async (_what, name, flags, code, message) => {
    const before = text();
    await expect(create(name, flags)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as never });
    expect([await namespaces(), text()]).toEqual([[], before]);
  });
});

describe('`tenant update`, `suspend` and `resume`', () => {
  it('change the quota and the rights of one tenant, in the file and in the cluster', async () => {
    await create('globex');
    await update('globex', { memory: '8Gi' });
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'slipway', namespace: 'globex' } };
    expect(await kube.get(quota, options)).toMatchObject({ spec: { hard: { 'requests.memory': '8Gi' } } });
    await update('globex', { suspended: true });
    expect(parse(text())).toMatchObject({ tenants: [{}, { name: 'globex', suspended: true }] });
    const bindings = () => kube.list('rbac.authorization.k8s.io/v1', 'RoleBinding', { namespace: 'globex' }, options);
    expect((await bindings()).map(({ metadata }) => metadata.name)).toEqual(['slipway-look']);
    await update('globex', { suspended: false });
    expect(text()).not.toContain('suspended');
    expect(await bindings()).toHaveLength(2);
  });

  it('refuse a tenant that there is not, and name the nearest', async () => {
    await expect(update('initec', { pods: 7 })).rejects.toMatchObject({
      code: 'UNKNOWN_TENANT',
      hint: 'Did you mean initech? All that there are: slipway tenant list demo',
    });
  });
});

describe('`tenant delete`', () => {
  const volume = (name: string, policy: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '10Gi' },
      persistentVolumeReclaimPolicy: policy,
      claimRef: { kind: 'PersistentVolumeClaim', namespace: 'globex', name: 'data' },
    },
    status: { phase: 'Released' },
  });

  it('asks for its name, lists what is lost, and leaves nothing behind, in the file neither', async () => {
    await create('globex');
    await create('umbrella');
    cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'site', namespace: 'globex' }, data: {} });
    cluster.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'site', namespace: 'globex' },
      spec: { rules: [{ host: 'globex.org' }] },
    });
    const { removed, left } = await remove('globex');
    expect(reporter.asked.at(-1)).toMatchObject({ typed: 'globex', flags: '--yes --confirm globex' });
    expect(removed).toEqual([
      'namespace globex, with all that is in it',
      'namespace globex-platform, with all that is in it',
      '1 ConfigMap',
    ]);
    expect(left).toEqual(['DNS records of globex.org, unless external-dns takes them away']);
    expect(await namespaces()).toEqual(['umbrella', 'umbrella-platform']);
    const inventories = await kube.list('v1', 'ConfigMap', { namespace: 'kube-system' }, options);
    expect(inventories.map(({ metadata }) => metadata.name)).not.toContain('slipway-inventory-globex.boundary');
    expect(text()).not.toContain('globex');
    expect((await listTenants(runtime, (await askedOf(runtime, 'demo')).spec)).tenants).toMatchObject([
      { name: 'initech', state: 'missing' },
      { name: 'umbrella', state: 'ready' },
    ]);
  });

  it('leaves volumes with --keep-volumes, and says which', async () => {
    await create('globex');
    cluster.put(volume('pv-1', 'Retain'));
    expect((await remove('globex', true)).left).toEqual(['volume pv-1, 10Gi']);
    const ref = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' } };
    expect(await kube.get(ref, options)).toMatchObject({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
  });

  it('takes away one that no file names', async () => {
    await create('globex');
    write('');
    expect((await listTenants(runtime, (await askedOf(runtime, 'demo')).spec)).tenants).toMatchObject([
      { name: 'globex', state: 'unlisted' },
    ]);
    await remove('globex');
    expect(await namespaces()).toEqual([]);
    await expect(remove('globex')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
  });
});

describe('`tenant status` and `tenant kubeconfig`', () => {
  it('show one tenant on one screen: what it may, what it has, and what is wrong', async () => {
    await create('globex', { domain: ['globex.org'] });
    cluster.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'globex' },
      spec: { nodeName: 'nowhere', containers: [{ name: 'web', image: 'web' }] },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }] },
    });
    const { spec } = await askedOf(runtime, 'demo');
    expect(await tenantStatus(runtime, spec, 'globex')).toMatchObject({
      state: 'ready',
      pods: { ready: 0, count: 1 },
      problems: ['pod web: Pending: 0/1 nodes are available'],
      quota: [
        { name: 'requests.cpu', hard: '2' },
        { name: 'requests.memory', hard: '4Gi' },
        { name: 'requests.storage', hard: '20Gi' },
        { name: 'persistentvolumeclaims', hard: '5' },
        { name: 'pods', hard: '30' },
      ],
    });
  });

  it('a kubeconfig leads to the tenant’s namespace with a token that ends, and holds nothing of the cluster’s own', async () => {
    await create('globex');
    const { spec } = await askedOf(runtime, 'demo');
    const made = await tenantKubeconfig(runtime, spec, 'globex', 3600);
    expect(Date.parse(made.expires)).toBeGreaterThan(0);
    const config = parse(made.kubeconfig.reveal()) as {
      readonly clusters: readonly unknown[];
      readonly users: readonly { readonly user: { readonly token: string } }[];
      readonly contexts: readonly unknown[];
    };
    expect(config.contexts).toMatchObject([{ context: { namespace: 'globex' } }]);
    expect(config.clusters).toEqual([
      { name: 'globex@demo', cluster: { server: 'https://203.0.113.7:6443', 'certificate-authority-data': 'Y2E=' } },
    ]);
    const claims = JSON.parse(
      Buffer.from(config.users[0]!.user.token.split('.')[1]!, 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ sub: 'system:serviceaccount:globex-platform:tenant' });
    expect(made.kubeconfig.reveal()).not.toContain('a2V5');
  });

  it('one that was not made yet has none', async () => {
    const { spec } = await askedOf(runtime, 'demo');
    await expect(tenantKubeconfig(runtime, spec, 'initech', 3600)).rejects.toMatchObject({ code: 'TENANT_NOT_THERE' });
    await expect(tenantKubeconfig(runtime, spec, 'nobody', 3600)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
  });
});
