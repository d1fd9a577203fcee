import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Obj } from '../../../../providers/sandbox/kube-api/index.js';
import { readyNode, SandboxKube } from '../../../support/sandbox-kube.js';

let kube: SandboxKube;

const server = (name: string, address: string) => ({
  ...readyNode(name, {
    labels: { 'node-role.kubernetes.io/control-plane': 'true', 'topology.kubernetes.io/zone': 'hel1-dc2' },
  }),
  status: {
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [{ type: 'InternalIP', address }],
    allocatable: { pods: '500' },
  },
});

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(server('n1', '10.0.0.1'));
});
afterAll(() => kube.close());

const all = (apiVersion: string, kind: string): readonly Obj[] => {
  const { store } = kube.api;
  return store.peek(store.resource(apiVersion, kind), 'default');
};
const slicesOf = (service: string): readonly Obj[] =>
  all('discovery.k8s.io/v1', 'EndpointSlice').filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service,
  );
const endpointsOf = (service: string): Obj | undefined =>
  all('v1', 'Endpoints').find(({ metadata }) => metadata.name === service);
const statesOf = (service: string): unknown[] =>
  slicesOf(service).flatMap((slice) =>
    ((slice['endpoints'] ?? []) as { targetRef: { name: string }; conditions: object }[]).map(
      ({ targetRef, conditions }) => [targetRef.name, conditions],
    ),
  );

const pod = (name: string, app: string, more: object = {}, behavior = 'serve') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels: { app },
    annotations: { 'sandbox.slipway.dev/behavior': behavior },
  },
  spec: {
    containers: [{ name: 'main', image: 'nginx', ports: [{ name: 'web', containerPort: 8080 }] }],
    ...more,
  },
});

async function write(method: string, path: string, body?: object): Promise<number> {
  const answer = await fetch(`${kube.address()}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return answer.status;
}
const core = '/api/v1/namespaces/default';
const makeService = (name: string, spec: object, labels: Record<string, string> = {}) =>
  write('POST', `${core}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec });

const ready = { ready: true, serving: true, terminating: false };
const unready = { ready: false, serving: false, terminating: false };

describe('a service that selects pods', () => {
  beforeAll(async () => {
    kube.put(pod('web-1', 'web'));
    kube.put(pod('web-2', 'web', {}, 'not-ready'));
    const ports = [
      { name: 'http', port: 80, targetPort: 'web' },
      { name: 'metrics', port: 81, targetPort: 9090 },
      { name: 'dns', port: 53, protocol: 'UDP', appProtocol: 'dns' },
      { name: 'nowhere', port: 82, targetPort: 'nosuch' },
    ];
    await makeService('web', { selector: { app: 'web' }, ports }, { team: 'shop' });
  });

  it('has an EndpointSlice with labels, owner, ports and the state of each pod', async () => {
    await expect
      .poll(() => statesOf('web'))
      .toEqual([
        ['web-1', ready],
        ['web-2', unready],
      ]);
    const [slice, ...more] = slicesOf('web');
    expect(more).toEqual([]);
    expect(slice).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^web-.+/) as string,
        generateName: 'web-',
        labels: {
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'kubernetes.io/service-name': 'web',
          team: 'shop',
        },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', controller: true }],
      },
      addressType: 'IPv4',
      ports: [
        { name: 'http', protocol: 'TCP', port: 8080 },
        { name: 'metrics', protocol: 'TCP', port: 9090 },
        { name: 'dns', protocol: 'UDP', port: 53, appProtocol: 'dns' },
      ],
    });
    expect((slice?.['endpoints'] as object[])[0]).toMatchObject({
      addresses: [expect.stringMatching(/^10\.42\./)],
      targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1' },
      nodeName: 'n1',
      zone: 'hel1-dc2',
    });
  });

  it('has Endpoints with the ready pods apart from the others', () => {
    expect(endpointsOf('web')).toMatchObject({
      metadata: { labels: { team: 'shop', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
      subsets: [
        {
          addresses: [{ targetRef: { name: 'web-1' } }],
          notReadyAddresses: [{ targetRef: { name: 'web-2' } }],
          ports: [
            { name: 'http', port: 8080, protocol: 'TCP' },
            { name: 'metrics', port: 9090, protocol: 'TCP' },
            { name: 'dns', port: 53, protocol: 'UDP', appProtocol: 'dns' },
          ],
        },
      ],
    });
  });

  it('gets its slice again when somebody deletes it', async () => {
    const before = slicesOf('web')[0]!.metadata;
    await write('DELETE', `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${before.name}`);
    await expect.poll(() => slicesOf('web').map(({ metadata }) => metadata.uid === before.uid)).toEqual([false]);
  });

  it('tells a pod on its way out from one that serves', async () => {
    kube.put(pod('bye-1', 'bye', { terminationGracePeriodSeconds: 600 }));
    await makeService('bye', { selector: { app: 'bye' }, ports: [{ port: 80 }] });
    await expect.poll(() => statesOf('bye')).toEqual([['bye-1', ready]]);
    const { store } = kube.api;
    const told: unknown[] = [];
    const stop = store.watch(({ resource }) => {
      if (resource.plural === 'endpointslices') told.push(...statesOf('bye'));
    });
    await write('DELETE', `${core}/pods/bye-1`);
    await expect.poll(() => slicesOf('bye')[0]?.['endpoints']).toBeNull();
    stop();
    expect(told).toContainEqual(['bye-1', { ready: false, serving: true, terminating: true }]);
    expect(endpointsOf('bye')).not.toHaveProperty('subsets');
  });

  it('takes slices and Endpoints with it', async () => {
    await write('DELETE', `${core}/services/bye`);
    await expect.poll(() => [slicesOf('bye'), endpointsOf('bye')]).toEqual([[], undefined]);
  });
});

describe('other services', () => {
  it('publish pods that are not ready where they are told to, and names of pods where they are headless', async () => {
    kube.put(pod('db-0', 'db', { hostname: 'db-0', subdomain: 'db' }, 'not-ready'));
    await makeService('db', { selector: { app: 'db' }, clusterIP: 'None', publishNotReadyAddresses: true });
    await expect.poll(() => statesOf('db')).toEqual([['db-0', { ...unready, ready: true }]]);
    const [slice] = slicesOf('db');
    expect(slice?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
    expect(slice?.['ports']).toBeNull();
    expect((slice?.['endpoints'] as object[])[0]).toMatchObject({ hostname: 'db-0' });
    expect(endpointsOf('db')).toMatchObject({ subsets: [{ addresses: [{ hostname: 'db-0' }] }] });
  });

  it('have a slice that says nothing while they select no pod', async () => {
    await makeService('idle', { selector: { app: 'nobody' }, ports: [{ port: 80 }] });
    await expect.poll(() => slicesOf('idle')).toMatchObject([{ endpoints: null, ports: null }]);
  });

  it('have none where they select nothing or stand for a name outside', async () => {
    await makeService('manual', { ports: [{ port: 80 }] });
    await makeService('outside', { type: 'ExternalName', externalName: 'db.example.com', selector: { app: 'web' } });
    await makeService('after', { selector: { app: 'nobody' }, ports: [{ port: 80 }] });
    await expect.poll(() => slicesOf('after')).toHaveLength(1);
    expect([slicesOf('manual'), slicesOf('outside'), endpointsOf('manual'), endpointsOf('outside')]).toEqual([
      [],
      [],
      undefined,
      undefined,
    ]);
  });

  it('have one slice for each hundred pods', async () => {
    for (let i = 0; i < 101; i++) kube.put(pod(`many-${i}`, 'many'));
    await makeService('many', { selector: { app: 'many' }, ports: [{ port: 80 }] });
    await expect
      .poll(() => slicesOf('many').map((slice) => (slice['endpoints'] as unknown[] | null)?.length), {
        timeout: 10_000,
      })
      .toEqual([100, 1]);
  });
});

describe('Endpoints that are written by hand', () => {
  /** In the order of the Endpoints: the first address of each tells. */
  const inOrder = (service: string): readonly Obj[] =>
    [...slicesOf(service)].sort((a, b) => (JSON.stringify(a['endpoints']) < JSON.stringify(b['endpoints']) ? -1 : 1));
  const mirrored = (service: string): readonly object[] =>
    inOrder(service).map(({ metadata, ...slice }) => ({
      by: metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
      type: slice['addressType'],
      ports: slice['ports'],
      endpoints: slice['endpoints'],
    }));
  const writeEndpoints = (method: 'POST' | 'PUT', name: string, metadata: object, subsets: readonly object[]) =>
    write(method, `${core}/endpoints${method === 'PUT' ? `/${name}` : ''}`, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, ...metadata },
      subsets,
    });
  const by = 'endpointslicemirroring-controller.k8s.io';
  const ports = [{ name: 'db', port: 5432, protocol: 'TCP' }];

  it('are mirrored into a slice for each set of ports and kind of address, with their labels and owner', async () => {
    await makeService('legacy', { ports: [{ port: 5432 }] });
    const annotations = { note: 'ours', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await writeEndpoints('POST', 'legacy', { labels: { team: 'shop' }, annotations }, [
      {
        addresses: [{ ip: '192.0.2.7', hostname: 'old' }, { ip: '2001:db8::7' }],
        notReadyAddresses: [{ ip: '192.0.2.8' }],
        ports,
      },
      { addresses: [{ ip: '192.0.2.9' }], ports: [{ port: 80 }] },
    ]);
    await expect
      .poll(() => mirrored('legacy'))
      .toEqual([
        {
          by,
          type: 'IPv4',
          ports,
          endpoints: [
            { addresses: ['192.0.2.7'], conditions: { ready: true }, hostname: 'old' },
            { addresses: ['192.0.2.8'], conditions: { ready: false } },
          ],
        },
        {
          by,
          type: 'IPv4',
          ports: [{ name: '', port: 80, protocol: 'TCP' }],
          endpoints: [{ addresses: ['192.0.2.9'], conditions: { ready: true } }],
        },
        { by, type: 'IPv6', ports, endpoints: [{ addresses: ['2001:db8::7'], conditions: { ready: true } }] },
      ]);
    expect(inOrder('legacy')[0]!.metadata).toMatchObject({
      generateName: 'legacy-',
      labels: { team: 'shop', 'kubernetes.io/service-name': 'legacy' },
      annotations: { note: 'ours' },
      ownerReferences: [{ kind: 'Endpoints', name: 'legacy', controller: true }],
    });
    expect(inOrder('legacy')[0]!.metadata.annotations).toEqual({ note: 'ours' });
  });

  it('are followed by their slices, which keep their names', async () => {
    const { name } = inOrder('legacy')[0]!.metadata;
    expect(await writeEndpoints('PUT', 'legacy', {}, [{ addresses: [{ ip: '192.0.2.10' }], ports }])).toBe(200);
    await expect.poll(() => slicesOf('legacy').map(({ metadata }) => metadata.name)).toEqual([name]);
    await expect
      .poll(() => slicesOf('legacy')[0]?.['endpoints'])
      .toEqual([{ addresses: ['192.0.2.10'], conditions: { ready: true } }]);
    expect(inOrder('legacy')[0]!.metadata.labels).not.toHaveProperty('team');
  });

  it('take their slices with them', async () => {
    await write('DELETE', `${core}/endpoints/legacy`);
    await expect.poll(() => slicesOf('legacy')).toEqual([]);
  });

  it('are not mirrored without a service, where they say so, or where the service selects pods', async () => {
    const subsets = [{ addresses: [{ ip: '192.0.2.7' }], ports }];
    await makeService('private', { ports: [{ port: 80 }] });
    await writeEndpoints('POST', 'private', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, subsets);
    await makeService('elected', { ports: [{ port: 80 }] });
    await writeEndpoints(
      'POST',
      'elected',
      { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
      subsets,
    );
    await writeEndpoints('POST', 'lonely', {}, subsets);
    await makeService('seen', { ports: [{ port: 80 }] });
    await writeEndpoints('POST', 'seen', {}, subsets);
    await expect.poll(() => slicesOf('seen')).toHaveLength(1);
    expect(['private', 'elected', 'lonely'].map((name) => slicesOf(name).length)).toEqual([0, 0, 0]);
    expect(slicesOf('web').map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by'])).toEqual([
      'endpointslice-controller.k8s.io',
    ]);
  });
});

describe('the service `kubernetes` in `default`', () => {
  const api = { name: 'https', port: 6443, protocol: 'TCP' };
  const find = (apiVersion: string, kind: string): Obj | undefined =>
    all(apiVersion, kind).find(({ metadata }) => metadata.name === 'kubernetes');

  it('is there from the beginning, with the servers behind it', async () => {
    expect(find('v1', 'Service')).toMatchObject({
      metadata: { labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: { type: 'ClusterIP', clusterIP: '10.43.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    });
    await expect
      .poll(() => find('discovery.k8s.io/v1', 'EndpointSlice'))
      .toMatchObject({
        metadata: { labels: { 'kubernetes.io/service-name': 'kubernetes' } },
        endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
        ports: [api],
      });
    expect(find('v1', 'Endpoints')).toMatchObject({ subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [api] }] });
  });

  it('follows the servers that are Ready', async () => {
    kube.put(server('n2', '10.0.0.2'));
    const addresses = () =>
      (find('discovery.k8s.io/v1', 'EndpointSlice')?.['endpoints'] as { addresses: string[] }[]).flatMap(
        (one) => one.addresses,
      );
    await expect.poll(addresses).toEqual(['10.0.0.1', '10.0.0.2']);
    await write('DELETE', '/api/v1/nodes/n2');
    await expect.poll(addresses).toEqual(['10.0.0.1']);
  });

  it.each([
    ['v1', 'Service', `${core}/services/kubernetes`],
    ['v1', 'Endpoints', `${core}/endpoints/kubernetes`],
    ['discovery.k8s.io/v1', 'EndpointSlice', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes'],
  ])('comes again when somebody deletes it: %s %s', async (apiVersion, kind, path) => {
    const { uid, ...before } = find(apiVersion, kind)!.metadata;
    expect(await write('DELETE', path)).toBe(200);
    await expect.poll(() => find(apiVersion, kind)?.metadata.labels).toEqual(before.labels);
    expect(find(apiVersion, kind)?.metadata.uid).not.toBe(uid);
  });

  it('stays with its namespace, which may not be deleted', async () => {
    for (const name of ['default', 'kube-system', 'kube-public'])
      expect(await write('DELETE', `/api/v1/namespaces/${name}`)).toBe(403);
  });
});
