import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';

import fc from 'fast-check';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Cli } from '../support/cli.js';

const cli = new Cli();
const agent = new Agent({ keepAlive: true });
const seed = 20261125;

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

let kube: { readonly port: number; readonly cert: Buffer; readonly key: Buffer };
let machine: { readonly port: number; readonly privateKey: string };

beforeAll(async () => {
  const made = await cli.run(['cluster', 'create', 'demo', '--provider', 'sandbox', '--control-planes', '1', '--yes']);
  expect(made.code, made.err).toBe(0);
  await find();
});
afterAll(async () => {
  agent.destroy();
  await cli.close();
});

/** Where the cluster and its machine are on this computer: that may change with a restart of the sandbox. */
async function find(): Promise<void> {
  const sandbox = await cli.sandbox();
  const { code, out, err } = await cli.run(['cluster', 'kubeconfig', 'demo']);
  expect(code, err).toBe(0);
  const { clusters, users } = parse(out) as Kubeconfig;
  const data = (name: 'client-certificate-data' | 'client-key-data') => Buffer.from(users[0]!.user[name], 'base64');
  kube = {
    port: Number(new URL(clusters[0]!.cluster.server).port),
    cert: data('client-certificate-data'),
    key: data('client-key-data'),
  };
  const { machines } = await sandbox.call<{ machines: { address: string }[] }>('GET', 'machines');
  const { port } = await sandbox.call<{ port: number }>('GET', `endpoint?address=${machines[0]!.address}&port=22`);
  const privateKey = readFileSync(join(cli.home, 'ws/clusters/demo/id_ed25519'), 'utf8');
  machine = { port, privateKey };
}

/** One request; 0 when it was cut off on purpose. */
const call = (method: string, path: string, body: string, type: string, cutAfter?: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port, cert, key } = kube;
    const options = { host: '127.0.0.1', port, cert, key, rejectUnauthorized: false, method, path, agent };
    const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
    const sent = request({ ...options, headers }, (response) => {
      if (path.includes('watch=')) {
        response.once('data', () => sent.destroy());
        resolve(response.statusCode!);
      }
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    sent.on('error', (error) => (cutAfter === undefined ? reject(error) : resolve(0)));
    if (cutAfter === undefined) sent.end(body);
    else sent.write(body.slice(0, cutAfter), () => sent.destroy());
  });

const kinds = {
  namespaces: '/api/v1/namespaces',
  pods: '/api/v1/namespaces/NS/pods',
  services: '/api/v1/namespaces/NS/services',
  configmaps: '/api/v1/namespaces/NS/configmaps',
  nodes: '/api/v1/nodes',
  deployments: '/apis/apps/v1/namespaces/NS/deployments',
  jobs: '/apis/batch/v1/namespaces/NS/jobs',
  persistentvolumeclaims: '/api/v1/namespaces/NS/persistentvolumeclaims',
  poddisruptionbudgets: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets',
  helmcharts: '/apis/helm.cattle.io/v1/namespaces/NS/helmcharts',
  customresourcedefinitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
} as const;
const kindNames: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  pods: 'Pod',
  services: 'Service',
  configmaps: 'ConfigMap',
  nodes: 'Node',
  deployments: 'Deployment',
  jobs: 'Job',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  poddisruptionbudgets: 'PodDisruptionBudget',
  helmcharts: 'HelmChart',
  customresourcedefinitions: 'CustomResourceDefinition',
};
const groupOf = (path: string): string => path.replace(/^\/apis?\//, '').replace(/\/(namespaces\/NS\/)?[a-z]+$/, '');

/** Values where a controller looks for something else. */
const oddity = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'x', -1, 1e9, [], {}, [null], [{}], true, { name: null }, [{ name: 1 }]),
  fc.jsonValue({ maxDepth: 3 }),
);
const field = fc.constantFrom(
  ...[
    'containers',
    'selector',
    'template',
    'ports',
    'type',
    'replicas',
    'volumes',
    'nodeName',
    'tolerations',
    'taints',
  ],
  ...['completions', 'resources', 'storageClassName', 'minAvailable', 'names', 'versions', 'group', 'scope', 'chart'],
  ...['repo', 'valuesContent', 'affinity', 'providerID', 'strategy', '__proto__', 'constructor'],
);
const metaField = fc.constantFrom('labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields');
const name = fc.constantFrom('a', 'b', 'c');
const object = fc.record({ name, spec: fc.dictionary(field, oddity), meta: fc.dictionary(metaField, oddity) });
const kind = fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]));
// `a` and `b` come and go with what is in them.
const where = fc.constantFrom('default', 'kube-system', 'fuzz', 'a', 'b');
const types = [
  'application/json',
  'application/yaml',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/json-patch+json',
  'application/apply-patch+yaml',
  'application/vnd.kubernetes.protobuf',
];
const verb = fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'GET', 'CUT', 'WATCH');
const write = fc.record({
  verb,
  kind,
  where,
  object,
  type: fc.constantFrom(...types),
  cut: fc.nat(40),
  status: fc.boolean(),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

async function perform({ verb, kind, where, object: { name, spec, meta }, type, cut, status }: Write): Promise<number> {
  const collection = kinds[kind].replace('NS', where);
  const apiVersion = groupOf(kinds[kind]);
  const metadata = { ...meta, name: kind === 'customresourcedefinitions' ? `${name}s.example.com` : name };
  const body = JSON.stringify({ apiVersion, kind: kindNames[kind], metadata, spec, status: spec });
  const one = `${collection}/${metadata.name}${status ? '/status' : ''}`;
  switch (verb) {
    case 'POST':
      return call('POST', collection, body, 'application/json');
    case 'PUT':
      return call('PUT', one, body, 'application/json');
    case 'PATCH':
      return call('PATCH', `${one}?fieldManager=fuzz&force=true`, body, type);
    case 'CUT':
      return call('POST', collection, body, type, cut);
    case 'WATCH':
      return call('GET', `${collection}?watch=true&timeoutSeconds=1`, '', type);
    case 'DELETE':
    case 'GET':
      return call(verb, `${collection}/${metadata.name}`, '', 'application/json');
  }
}

type Break = 'half a script' | 'closed channel' | 'cut shell' | 'cut sftp' | 'no SSH at all' | 'reset';
const broken = fc.record({
  how: fc.constantFrom<Break>('half a script', 'closed channel', 'cut shell', 'cut sftp', 'no SSH at all', 'reset'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
});

/** Begins a session and breaks it off. */
const breakOff = ({ how, bytes }: { how: Break; bytes: Uint8Array }): Promise<void> =>
  new Promise((resolve) => {
    if (how === 'no SSH at all' || how === 'reset') {
      const socket = connect(machine.port, '127.0.0.1');
      socket.on('error', () => {}).on('close', () => resolve());
      socket.on('connect', () =>
        socket.write(bytes, () => (how === 'reset' ? socket.resetAndDestroy() : socket.end())),
      );
      socket.resume();
      return;
    }
    const client = new ssh2.Client();
    client.on('error', () => {}).on('close', () => resolve());
    client.on('ready', () => {
      if (how === 'cut sftp') {
        client.sftp((error, sftp) => {
          if (error) return client.destroy();
          sftp.on('error', () => {});
          sftp.open('/root/x', 'w', () =>
            sftp.write(Buffer.alloc(1), Buffer.from(bytes), 0, bytes.length, 0, () => {}),
          );
          sftp.ext_openssh_rename('/nowhere', '/root/y', () => client.destroy());
        });
        return;
      }
      const begun = (error: Error | undefined, channel: ssh2.ClientChannel): void => {
        if (error) return void client.destroy();
        channel.on('error', () => {});
        if (how === 'closed channel') {
          channel.write(bytes);
          channel.close();
          client.end();
        } else channel.write(Buffer.concat([Buffer.from('set -eu\n'), bytes]), () => client.destroy());
      };
      if (how === 'cut shell') client.shell(begun);
      else client.exec('sh -s', begun);
    });
    client.connect({ host: '127.0.0.1', port: machine.port, username: 'root', privateKey: machine.privateKey });
  });

/** What reached the daemon's last resort; what a part catches and writes down is no failure here. */
const uncaught = (): string[] =>
  readFileSync(join(cli.sandboxFolder, 'sandbox.log'), 'utf8')
    .split(/\n(?=\d{4}-)/)
    .filter((entry) => /^\S+ (uncaught|unhandled):/.test(entry));

describe('the sandbox daemon', () => {
  it('deletes a namespace with several load balancers and what else is in it, and goes on', async () => {
    const { info } = await cli.sandbox();
    const post = async (path: string, body: object): Promise<void> =>
      expect(await call('POST', path, JSON.stringify(body), 'application/json')).toBe(201);
    await post(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const annotations = { 'load-balancer.hetzner.cloud/location': 'fsn1' };
    for (const name of ['a', 'b']) {
      await post(kinds.services.replace('NS', 'shop'), {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, annotations },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: name } },
      });
      await post(kinds.configmaps.replace('NS', 'shop'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    }
    await expect.poll(() => cli.cloud('load_balancers')).toHaveLength(2);
    const shop = `${kinds.namespaces}/shop`;
    expect(await call('DELETE', shop, '', 'application/json')).toBeLessThan(300);
    await expect.poll(() => call('GET', shop, '', 'application/json')).toBe(404);
    await expect.poll(() => cli.cloud('load_balancers')).toEqual([]);
    expect((await cli.sandbox()).info.pid).toBe(info.pid);
    expect(uncaught()).toEqual([]);
  });

  it('survives whatever clients write, delete and break off, and comes back with it after a restart', async () => {
    const { info } = await cli.sandbox();
    await call(
      'POST',
      kinds.namespaces,
      JSON.stringify({ metadata: { name: 'fuzz' }, apiVersion: 'v1', kind: 'Namespace' }),
      'application/json',
    );
    const steps = fc.sample(fc.oneof({ weight: 12, arbitrary: write }, { weight: 1, arbitrary: broken }), {
      seed,
      numRuns: 800,
    });
    for (const step of steps) {
      if ('how' in step) await breakOff(step);
      else expect(await perform(step), JSON.stringify(step)).toBeLessThan(600);
    }
    expect(uncaught()).toEqual([]);
    expect((await cli.sandbox()).info.pid).toBe(info.pid);

    expect((await cli.run(['sandbox', 'stop'])).code).toBe(0);
    expect((await cli.run(['sandbox', 'start'])).code).toBe(0);
    await find();
    await expect.poll(() => call('GET', kinds.namespaces, '', 'application/json').catch(() => 0)).toBe(200);
    expect(uncaught()).toEqual([]);
  });
});
