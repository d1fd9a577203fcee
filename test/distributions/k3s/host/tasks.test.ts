import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { caFingerprint } from '../../../../src/domain/kubeconfig-mark.js';
import { Secret } from '../../../../src/domain/index.js';
import {
  firstLogin,
  installK3s,
  kubeconfigFor,
  observe,
  parseHostFacts,
  parseHostState,
  parseServerInfo,
  prepareHost,
  releaseUrl,
  replaceHostKey,
  serverInfo,
  startAgent,
  stopK3s,
  unitText,
} from '../../../../src/distributions/k3s/host/index.js';
import { apiAddresses, inCurrentForm, withServer } from '../../../../src/workspace/own-kubeconfig.js';

const version = 'v1.36.5+k3s1';

describe('host tasks as values', () => {
  const privateKey = new Secret('key');

  it.each([
    [
      'first-login',
      firstLogin({ privateAddress: '10.0.0.2', cloudInit: false, deadlineMs: 5 }),
      { PRIVATE_ADDRESS: '10.0.0.2', CLOUD_INIT: false },
    ],
    ['first-login', firstLogin(), { PRIVATE_ADDRESS: '', CLOUD_INIT: true }],
    [
      'replace-host-key',
      replaceHostKey({ key: { publicKey: 'ssh-ed25519 A', privateKey } }),
      { HOST_KEY: privateKey, HOST_PUBLIC_KEY: 'ssh-ed25519 A' },
    ],
    ['prepare-host', prepareHost({ blockMetadata: true }), { BLOCK_METADATA: true }],
    [
      'install-k3s',
      installK3s({ version }),
      {
        VERSION: version,
        BASE_URL: 'https://github.com/k3s-io/k3s/releases/download/v1.36.5%2Bk3s1',
        SHA256: '',
        FILE: '',
        IMAGES: false,
      },
    ],
    [
      'install-k3s',
      installK3s({ version, baseUrl: 'http://mirror/k3s/', sha256: 'ab', file: '/tmp/k3s' }),
      { VERSION: version, BASE_URL: 'http://mirror/k3s', SHA256: 'ab', FILE: '/tmp/k3s', IMAGES: false },
    ],
    ['server-info', serverInfo(), {}],
    ['stop-k3s', stopK3s({ killPods: false }), { KILL_PODS: false }],
    ['observe', observe(), {}],
  ])('%s', (name, task, params) => {
    expect(task).toMatchObject({ name });
    expect(task.params).toEqual(params);
    expect(task.deadlineMs).toBeGreaterThan(0);
  });

  it('leave k3s less time than the task, so that it can report what k3s said', () => {
    const node = { nodeName: 'n', nodeAddress: '', privateInterface: undefined, labels: {}, taints: [] };
    const settings = {
      ...node,
      externalCloudProvider: false,
      providerId: undefined,
      joinAddress: 'a',
      token: privateKey,
    };
    const task = startAgent({ ...settings, deadlineMs: 600_000 });
    expect(task.deadlineMs).toBe(600_000);
    expect(task.params).toMatchObject({ ROLE: 'agent', WAIT_SECONDS: 570, UNIT: unitText('agent') });
    expect(task.params['CONFIG']).toBeInstanceOf(Secret);
    const short = startAgent({ ...settings, deadlineMs: 1_000 });
    expect(short.deadlineMs).toBeGreaterThan(Number(short.params['WAIT_SECONDS']) * 1000);
  });

  it.each(['1.36.5+k3s1', 'v1.36.5', 'v1.36.5+rke2r1', 'v1.36.5+k3s1/../..'])('know no release %s', (bad) => {
    expect(() => releaseUrl(bad)).toThrow(`${bad} is no k3s release`);
  });

  it.each(['server', 'agent'] as const)(
    'bring a %s unit that starts with the machine and says when it is ready',
    (role) => {
      const lines = unitText(role).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'Type=notify',
          'KillMode=process',
          'Delegate=yes',
          'TimeoutStartSec=0',
          'Restart=always',
          `ExecStart=/usr/local/bin/k3s ${role}`,
          'WantedBy=multi-user.target',
        ]),
      );
    },
  );
});

describe('answers of host tasks', () => {
  const host = {
    os: 'ubuntu',
    os_version: '26.04',
    arch: 'arm64',
    cores: '4',
    memory_mib: '7900',
    disk_free_mib: '70000',
    boot_id: 'b',
    hostname: 'h',
    cgroup: 'v2',
    private_interface: '',
  };

  it('become facts', () => {
    expect(parseHostFacts(host)).toEqual({
      os: 'ubuntu',
      osVersion: '26.04',
      arch: 'arm64',
      cores: 4,
      memoryMiB: 7900,
      diskFreeMiB: 70_000,
      bootId: 'b',
      hostname: 'h',
      cgroup: 'v2',
      privateInterface: undefined,
    });
    const state = {
      k3s_version: '',
      unit: 'none',
      active: 'false',
      enabled: 'true',
      config_sha256: '',
      boot_id: 'b',
      etcd_data: 'false',
    };
    expect(parseHostState(state)).toEqual({
      k3sVersion: undefined,
      unit: 'none',
      active: false,
      enabled: true,
      configSha256: undefined,
      bootId: 'b',
      etcdData: false,
    });
  });

  it.each([
    ['cores', 'many', 'cores is no whole number'],
    ['arch', 'riscv64', 'arch is none of amd64, arm64'],
    ['hostname', undefined, 'hostname is missing'],
  ])('with a bad %s are refused', (name, value, words) => {
    const { [name]: _, ...rest } = host as Record<string, string>;
    expect(() => parseHostFacts(value === undefined ? rest : { ...rest, [name]: value })).toThrow(words);
  });

  it('give the agent token’s password, also of a token in the short form', () => {
    const facts = { server_token: 'K10a::server:s', kubeconfig: '' };
    expect(parseServerInfo({ ...facts, agent_token: 'K10ab::node:p:w' }).agentPassword.reveal()).toBe('p:w');
    expect(parseServerInfo({ ...facts, agent_token: 'short' }).agentPassword.reveal()).toBe('short');
  });

  it('name no secret when they are refused', () => {
    expect(() => parseServerInfo({ server_token: 'very-secret' })).toThrow(/^((?!very-secret).)*$/);
  });
});

describe('the kubeconfig', () => {
  const raw = new Secret(`apiVersion: v1
clusters:
- cluster: {certificate-authority-data: Q0E=, server: "https://127.0.0.1:6443"}
  name: default
contexts:
- context: {cluster: default, user: default}
  name: default
current-context: default
kind: Config
users:
- name: default
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
`);
  const servers = ['https://203.0.113.1:6443', 'https://203.0.113.2:6443'];
  const made = (current?: string): unknown => parse(kubeconfigFor(raw, { cluster: 'demo', servers, current }).reveal());

  it('has the cluster’s name, one context, our mark, and the other addresses in it', () => {
    const mark = { cluster: 'demo', ca: caFingerprint('Q0E=') };
    const marked = (more = {}): unknown => [{ name: 'slipway.dev', extension: { ...mark, ...more } }];
    expect(made()).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'demo',
          cluster: {
            server: servers[0],
            'certificate-authority-data': 'Q0E=',
            extensions: marked({ servers: [servers[1]] }),
          },
        },
      ],
      users: [
        {
          name: 'demo',
          user: { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ', extensions: marked() },
        },
      ],
      contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo', extensions: marked() } }],
      'current-context': 'demo',
    });
  });

  it('is read in the form of earlier versions, too, and brought to today’s', () => {
    const [first, second] = servers;
    const authority = { 'certificate-authority-data': 'Q0E=' };
    const earlier = new Secret(
      stringify({
        clusters: [
          { name: 'demo', cluster: { server: first, ...authority } },
          { name: 'demo-2', cluster: { server: second, ...authority } },
        ],
        users: [{ name: 'demo', user: { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' } }],
      }),
    );
    expect(apiAddresses(earlier)).toEqual(servers);
    expect(parse(inCurrentForm(earlier).reveal())).toEqual(made());
    expect(apiAddresses(inCurrentForm(earlier))).toEqual(servers);
    expect(apiAddresses(undefined)).toEqual([]);
  });

  it('can ask another of its servers, by address or host, and no other', () => {
    const kubeconfig = kubeconfigFor(raw, { cluster: 'demo', servers });
    for (const named of [servers[1]!, '203.0.113.2'])
      expect(parse(withServer(kubeconfig, named).reveal())).toEqual(made(servers[1]));
    expect(() => withServer(kubeconfig, '203.0.113.3')).toThrow(expect.objectContaining({ code: 'UNKNOWN_SERVER' }));
  });

  it.each(['', '{', 'clusters: []', 'apiVersion: v1'])('is not made from %j', (bad) => {
    const making = (): unknown => kubeconfigFor(new Secret(bad), { cluster: 'demo', servers });
    expect(making).toThrow(expect.objectContaining({ code: 'BAD_KUBECONFIG' }));
  });

  it('is not made without a server', () => {
    expect(() => kubeconfigFor(raw, { cluster: 'demo', servers: [] })).toThrow(
      expect.objectContaining({ details: ['no server address is known'] }),
    );
  });
});
