import { describe, expect, it } from 'vitest';

import { loadClusterFile, parseCluster } from '../../src/config/cluster-file.js';
import { parseTenant } from '../../src/config/tenant-files.js';
import { SlipwayError } from '../../src/errors/index.js';
import { folderWith } from '../components/support.js';

const head = 'name: demo\nprovider: {name: sandbox}\n';

async function linesOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof SlipwayError) return error.details;
    throw error;
  }
}

describe('tenants of a cluster file', () => {
  it('a tenant needs no more than a name; every default is filled in', () => {
    expect(parseCluster(`${head}tenants: [{name: globex}]\n`, 'cluster.yaml').tenants).toEqual([
      {
        name: 'globex',
        domains: [],
        quota: { cpu: '2', memory: '4Gi', storage: '20Gi', volumes: 5, pods: 30, objects: 100 },
        container: { cpu: '50m', memory: '128Mi' },
        egress: [],
        suspended: false,
      },
    ]);
    expect(parseCluster(head, 'cluster.yaml').tenants).toBeUndefined();
  });

  it.each<[what: string, tenants: string, expected: string]>([
    ['a name of Kubernetes’ own', '{name: kube-public}', 'tenants[0].name: "kube-public" is not allowed: reserved'],
    ['the name of a namespace that Slipway keeps', '{name: a-platform}', 'reserved: names that end in -platform'],
    ['a reserved name', '{name: default}', '"default" is not allowed: reserved; so are'],
    ['a name that is too long', `{name: ${'a'.repeat(33)}}`, 'at most 32 characters'],
    ['a name that is no name', '{name: Globex}', 'small letters, digits and dashes'],
    ['one name twice', '{name: a}, {name: a}', 'tenants[1].name: "a" is not allowed: a name of its own'],
    [
      'a domain that is another’s',
      '{name: a, domains: [x.org]}, {name: b, domains: [x.org]}',
      'tenants[1].domains[0]: "x.org" is not allowed: a domain of its own: with x.org it would be a’s too',
    ],
    [
      'a domain below another’s',
      '{name: a, domains: [x.org]}, {name: b, domains: [shop.x.org]}',
      'with x.org it would be a’s too',
    ],
    [
      'a domain above another’s',
      '{name: a, domains: [shop.x.org]}, {name: b, domains: [x.org]}',
      'with shop.x.org it would be a’s too',
    ],
    ['a wildcard for a domain', '{name: a, domains: ["*.x.org"]}', 'a domain in small letters, without *'],
    ['capitals in a domain', '{name: a, domains: [Shop.x.org]}', 'a domain in small letters'],
    ['a whole top level', '{name: a, domains: [org]}', 'a domain in small letters'],
    [
      'a quota that not even one container fits',
      '{name: a, quota: {memory: 64Mi}}',
      'tenants[0].quota.memory: "64Mi" is not allowed: at least 128Mi, which one container gets',
    ],
    [
      'fewer cores than one container asks for',
      '{name: a, quota: {cpu: 100m}, container: {cpu: "0.5"}}',
      '"100m" is not allowed: at least 0.5',
    ],
    [
      'less storage than its volumes take',
      '{name: a, quota: {storage: 2Gi, volumes: 3}}',
      'tenants[0].quota.storage: "2Gi" is not allowed: at least 3Gi, for 3 volumes',
    ],
    [
      'more volumes than the default storage has room for',
      '{name: a, quota: {volumes: 30}}',
      'the default 20Gi is not allowed: at least 30Gi',
    ],
    ['an amount without a unit', '{name: a, quota: {memory: "4"}}', 'a size such as 512Mi or 4Gi'],
    ['no cores at all', '{name: a, quota: {cpu: "0"}}', 'cores such as 2, 0.5 or 500m'],
    [
      'a way to the cluster’s pods',
      '{name: a, egress: [{to: 10.42.3.0/24}]}',
      'tenants[0].egress[0].to: "10.42.3.0/24" is not allowed: addresses outside the cluster: it lies in network.pods',
    ],
    [
      'a way to what clouds tell machines',
      '{name: a, egress: [{to: 169.254.169.254/32}]}',
      'it lies in 169.254.0.0/16, where clouds keep what machines are told',
    ],
    ['an unknown key', '{name: a, domain: x.org}', 'tenants[0].domain: unknown key; did you mean domains?'],
  ])('%s is refused with its line', async (_what, tenants, expected) => {
    const lines = await linesOf(() => parseCluster(`${head}tenants: [${tenants}]\n`, 'cluster.yaml'));
    expect(lines.join('\n')).toContain(expected);
    expect(lines.every((line) => /^cluster\.yaml:\d+:\d+ {2}/.test(line))).toBe(true);
  });

  it('allows all addresses, which the cluster’s own are cut out of later', async () => {
    const text = `${head}tenants: [{name: a, egress: [{to: 0.0.0.0/0}, {to: 10.0.0.0/8}]}]\n`;
    expect(await linesOf(() => parseCluster(text, 'cluster.yaml'))).toEqual([]);
  });
});

describe('a folder of tenants', () => {
  const folder = (files: Readonly<Record<string, string>>) =>
    folderWith({
      'cluster.yaml': `${head}tenants: [{name: here, domains: [here.org]}]\ntenantsFrom: ./tenants\n`,
      ...files,
    });

  it('each file is one tenant beside those of the cluster file, by the files’ names', async () => {
    const at = await folder({
      'tenants/b.yaml': 'kind: Tenant\nname: second\n',
      'tenants/a.yml': 'apiVersion: slipway.dev/v1\nkind: Tenant\nname: first\ndomains: [first.org]\n',
      'tenants/README.md': 'no tenant',
    });
    const { spec } = await loadClusterFile(`${at}/cluster.yaml`);
    expect(spec.tenants?.map(({ name }) => name)).toEqual(['here', 'first', 'second']);
    expect(spec.tenantsFrom).toBeUndefined();
  });

  it('every mistake of every file is named with file and line', async () => {
    const at = await folder({
      'tenants/a.yaml': 'kind: Tenant\nname: default\n',
      'tenants/b.yaml': 'kind: Tenant\nname: b\nquota:\n  memory: 1Mi\n',
      'tenants/c.yaml': 'name: c\n',
      'tenants/d.yaml': '- kind: Tenant\n',
    });
    expect(await linesOf(() => loadClusterFile(`${at}/cluster.yaml`))).toEqual([
      expect.stringMatching(/^a\.yaml:2:7 {2}name: "default" is not allowed: reserved/),
      expect.stringMatching(/^b\.yaml:4:11 {2}quota\.memory: "1Mi" is not allowed: at least 128Mi/),
      expect.stringMatching(/^c\.yaml:1:\d {2}kind: /),
      'd.yaml:1:1  a tenant is a map of keys, beginning with kind: Tenant',
    ]);
  });

  it('a name or a domain that another file or the cluster file has is refused', async () => {
    const at = await folder({
      'tenants/a.yaml': 'kind: Tenant\nname: here\n',
      'tenants/b.yaml': 'kind: Tenant\nname: b\ndomains: [shop.here.org]\n',
    });
    expect(await linesOf(() => loadClusterFile(`${at}/cluster.yaml`))).toEqual([
      'a.yaml  name: "here" is not allowed: a name of its own: another tenant is called here too',
      'b.yaml  domains[0]: "shop.here.org" is not allowed: a domain of its own: with here.org it would be here’s too',
    ]);
  });

  it('a folder that is not there is refused with its path', async () => {
    const at = await folder({});
    await expect(loadClusterFile(`${at}/cluster.yaml`)).rejects.toMatchObject({ code: 'NO_TENANT_FOLDER' });
  });

  it('a file of broken YAML is named by its line', () => {
    expect(parseTenant('kind: Tenant\n\tname: a\n', 'a.yaml').lines[0]).toMatch(/^a\.yaml:2:/);
  });
});
