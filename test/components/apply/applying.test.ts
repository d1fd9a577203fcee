import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RenderedComponent, ResolvedSecret } from '../../../src/components/types.js';
import { Secret } from '../../../src/domain/secret.js';
import { SlipwayError } from '../../../src/errors/index.js';
import type { ObjectView, ObjectWait, UntilOptions } from '../../../src/kube/types.js';
import { applyComponent } from '../../../src/components/apply/apply.js';
import { changeOf } from '../../../src/components/apply/change.js';
import { observeComponents } from '../../../src/components/apply/facts.js';
import { removeComponent } from '../../../src/components/apply/remove.js';
import { upgradeComponent } from '../../../src/components/apply/upgrade.js';
import { type Bench, bench, map, traefik } from './support.js';

let at: Bench;
beforeEach(async () => {
  at = await bench();
});
afterEach(() => at.cluster.close());

const secret = (value: string): ResolvedSecret => ({
  component: 'traefik',
  namespace: 'traefik',
  name: 'dns',
  data: { token: new Secret(value) },
  drawn: [],
  origins: { token: 'from DNS_TOKEN' },
});

const apply = (component: RenderedComponent, ...secrets: ResolvedSecret[]) =>
  applyComponent(at.tools, component, secrets, at.run);
const facts = (...desired: RenderedComponent[]) => observeComponents(at.kube, desired, at.run);
const change = async (component: RenderedComponent, ...secrets: ResolvedSecret[]) =>
  changeOf(component, secrets, await facts(component));
const get = (apiVersion: string, kind: string, name: string, namespace?: string) =>
  at.kube.get({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }, at.run);
const writes = (): string[] =>
  at.cluster.requests.filter((request) => !request.startsWith('GET') && !request.includes('dryRun'));
const failure = async (work: Promise<unknown>): Promise<SlipwayError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SlipwayError) return error;
  throw new Error(`no SlipwayError: ${String(error)}`);
};

describe('a component that is applied', () => {
  it('is there with all it is made of, healthy, and needs nothing more', async () => {
    await apply(traefik(), secret('hunter22'));
    expect(await get('apps/v1', 'Deployment', 'traefik', 'traefik')).toMatchObject({
      status: { availableReplicas: 1 },
    });
    expect(await get('v1', 'ConfigMap', 'extra', 'traefik')).toMatchObject({
      data: { key: 'one' },
      metadata: { labels: { 'slipway.dev/component': 'traefik' } },
    });
    expect(await get('v1', 'Secret', 'dns', 'traefik')).toMatchObject({ data: { token: 'aHVudGVyMjI=' } });
    expect(await change(traefik(), secret('hunter22'))).toBeUndefined();
  });

  it('is not written again when nothing changed but what the controllers say', async () => {
    await apply(traefik());
    const chart = await get('helm.cattle.io/v1', 'HelmChart', 'traefik', 'kube-system');
    await apply(traefik());
    expect(await get('helm.cattle.io/v1', 'HelmChart', 'traefik', 'kube-system')).toEqual(chart);
  });

  it('gives a namespace that was there a Pod Security level, and leaves the one that somebody set', async () => {
    const enforce = 'pod-security.kubernetes.io/enforce';
    const asks = (level: string): RenderedComponent => ({
      ...traefik(),
      before: traefik().before.map((object) =>
        object.kind === 'Namespace'
          ? { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [enforce]: level } } }
          : object,
      ),
    });
    const labels = async () => (await get('v1', 'Namespace', 'traefik'))?.metadata.labels;
    await fetch(`${at.cluster.address()}/api/v1/namespaces?fieldManager=theirs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'traefik', labels: { team: 'blue' } },
      }),
    });
    await apply(asks('restricted'));
    expect(await labels()).toMatchObject({ team: 'blue', [enforce]: 'restricted' });
    await apply(asks('privileged'));
    expect(await labels()).toMatchObject({ [enforce]: 'privileged' });
    await fetch(`${at.cluster.address()}/api/v1/namespaces/traefik?fieldManager=theirs`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { labels: { [enforce]: 'baseline' } } }),
    });
    expect(await change(asks('privileged'))).toBeUndefined();
    await apply(asks('restricted'));
    expect(await labels()).toMatchObject({ [enforce]: 'baseline' });
    expect(await change(asks('restricted'))).toBeUndefined();
  });

  it('keeps its inventory free of Secrets', async () => {
    await apply(traefik(), secret('hunter22'));
    const inventory = JSON.stringify(await get('v1', 'ConfigMap', 'slipway-inventory-traefik', 'kube-system'));
    expect(inventory).toContain('extra');
    expect(inventory).not.toMatch(/hunter22|aHVudGVyMjI/);
  });

  it('waits for helm’s run of the new values, not for the one before', async () => {
    await apply(traefik());
    await apply(traefik({}, { valuesContent: 'deployment: {replicas: 2}\nservice: {spec: {type: ClusterIP}}\n' }));
    expect(await get('apps/v1', 'Deployment', 'traefik', 'traefik')).toMatchObject({
      spec: { replicas: 2 },
      status: { availableReplicas: 2 },
    });
  });

  it('loses the objects that leave its templates', async () => {
    await apply(traefik({ objects: [map('extra'), map('more')] }), secret('hunter22'));
    await apply(traefik({ objects: [map('extra')] }));
    expect(await get('v1', 'ConfigMap', 'more', 'traefik')).toBeUndefined();
    expect(await get('v1', 'ConfigMap', 'extra', 'traefik')).toBeDefined();
    expect(await get('v1', 'Secret', 'dns', 'traefik')).toBeUndefined();
  });

  it('does not take an object that has gone over to another component', async () => {
    const other = traefik({ id: 'other', chart: undefined, health: [], objects: [map('more')] });
    await apply(traefik({ objects: [map('extra'), map('more')] }));
    await apply(other);
    await apply(traefik({ objects: [map('extra')] }));
    expect(await get('v1', 'ConfigMap', 'more', 'traefik')).toBeDefined();
  });

  it('does not take over what somebody else made', async () => {
    await at.kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'traefik' } }, at.run);
    const theirs = await fetch(
      `${at.cluster.address()}/api/v1/namespaces/traefik/configmaps/extra?fieldManager=theirs`,
      {
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify(map('extra', { key: 'theirs' })),
      },
    );
    expect(theirs.ok).toBe(true);
    expect((await failure(apply(traefik()))).code).toBe('KUBE_CONFLICT');
  });

  it('corrects what somebody else changed, and the plan says so before', async () => {
    await apply(traefik());
    await fetch(`${at.cluster.address()}/api/v1/namespaces/traefik/configmaps/extra?fieldManager=theirs`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ data: { key: 'theirs' } }),
    });
    expect((await change(traefik()))?.details).toEqual([
      '~ ConfigMap traefik/extra: was changed by somebody else',
      '    ~ data.key: "theirs" → "one"',
    ]);
    await apply(traefik());
    expect(await get('v1', 'ConfigMap', 'extra', 'traefik')).toMatchObject({ data: { key: 'one' } });
    expect(await change(traefik())).toBeUndefined();
  });

  it('can be cut short at every write and begun again', async () => {
    for (let allowed = 0; ; allowed++) {
      expect(allowed).toBeLessThan(30);
      let left = allowed;
      const stop = new AbortController();
      const kube = await at.cluster.client({
        boundary: async ({ when }) => {
          if (when === 'before' && left-- === 0) stop.abort(new Error('killed'));
          stop.signal.throwIfAborted();
        },
      });
      const killed = await applyComponent({ ...at.tools, kube }, traefik(), [secret('hunter22')], {
        ...at.run,
        signal: stop.signal,
      }).then(
        () => false,
        () => true,
      );
      if (!killed) break;
    }
    expect(await change(traefik(), secret('hunter22'))).toBeUndefined();
    expect(await get('apps/v1', 'Deployment', 'traefik', 'traefik')).toBeDefined();
  });
});

describe('a chart that fails', () => {
  /**
   * The HelmChart and its job once the controller has given up. Until then it may make the job anew: an attempt that
   * finds a revision it did not expect ends well, and such a job is replaced.
   */
  const givenUp = () =>
    at.kube.until(
      {
        what: 'the helm controller to give up',
        code: 'COMPONENT_TIMEOUT',
        kinds: [
          { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', namespace: 'kube-system' },
          { apiVersion: 'batch/v1', kind: 'Job', namespace: 'kube-system' },
        ],
        check: (view) => {
          const named = (apiVersion: string, kind: string, name: string) =>
            view.get({ apiVersion, kind, metadata: { name, namespace: 'kube-system' } });
          const HelmChart = named('helm.cattle.io/v1', 'HelmChart', 'traefik');
          const Job = named('batch/v1', 'Job', 'helm-install-traefik');
          const hasFailed = [HelmChart, Job].every((object) =>
            ((object?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] }).conditions?.some(
              ({ type, status }) => type === 'Failed' && status === 'True',
            ),
          );
          return HelmChart && Job && hasFailed ? { HelmChart, Job } : undefined;
        },
      },
      { ...at.run, deadlineMs: 60_000, hint: '' },
    );

  it('is reported with the log of its first attempt', async () => {
    at.faults.order({ traefik: { fail: 'Error: the values make no sense', times: 1 } });
    const error = await failure(apply(traefik()));
    expect(error).toMatchObject({ code: 'COMPONENT_FAILED', exitCode: 4 });
    expect(error.details.join('\n')).toContain('the values make no sense');
    expect(error.details.join('\n')).not.toContain('waiting for operator intervention');
    expect(error.hint).toContain('slipway component status demo');
  });

  it.each(['Error: nonsense', 'timeout', 'killed', 'download'])(
    'is there after it was run again (%s)',
    async (fail) => {
      at.faults.order({ traefik: { fail, times: 3 } });
      await failure(apply(traefik()));
      at.faults.clear();
      expect(await change(traefik())).toBeDefined();
      await apply(traefik());
      expect(await change(traefik())).toBeUndefined();
    },
  );

  it('a failed chart and its failed job, as they were before they were cleared away, do not fail the next run', async () => {
    at.faults.order({ traefik: { fail: 'Error: nonsense', times: 3 } });
    await failure(apply(traefik()));
    at.faults.clear();
    const before = await givenUp();
    const stale: ObjectView = { get: ({ kind }) => before[kind as 'Job'], all: () => [] };
    let seen = 0;
    const until = (wait: ObjectWait<unknown>, options: UntilOptions) => {
      if (wait.what.startsWith('helm to install')) {
        seen += 1;
        expect(wait.check(stale, () => undefined)).toBeUndefined();
      }
      return at.kube.until(wait, options);
    };
    const kube = new Proxy(at.kube, {
      get: (target, key) => {
        const own: unknown = key === 'until' ? until : Reflect.get(target, key);
        return typeof own === 'function' ? (own.bind(target) as unknown) : own;
      },
    });
    await applyComponent({ ...at.tools, kube }, traefik(), [], at.run);
    expect(seen).toBeGreaterThan(0);
    expect(await change(traefik())).toBeUndefined();
  });

  it('is there after its values were mended', async () => {
    at.faults.order({ traefik: { fail: 'Error: nonsense', times: 3 } });
    await failure(apply(traefik()));
    at.faults.clear();
    const mended = traefik({}, { valuesContent: 'deployment: {replicas: 2}\nservice: {spec: {type: ClusterIP}}\n' });
    await apply(mended);
    expect(await change(mended)).toBeUndefined();
  });

  it('does not show a Secret that helm repeats', async () => {
    at.faults.order({ traefik: { fail: 'Error: token hunter22 refused', times: 1 } });
    const error = await failure(apply(traefik(), secret('hunter22')));
    expect(JSON.stringify(error)).not.toContain('hunter22');
    expect(error.details.join('\n')).toContain('token [secret] refused');
  });
});

describe('an upgrade that fails', () => {
  it('puts the last version back and waits until it is healthy', async () => {
    await apply(traefik());
    at.faults.order({ traefik: { fail: 'Error: new version is broken', times: 1 } });
    const next = traefik(
      { version: '41.4.0', objects: [map('extra', { key: 'two' })] },
      { version: '41.4.0', valuesContent: 'deployment: {replicas: 2}\nservice: {spec: {type: ClusterIP}}\n' },
    );
    const error = await failure(upgradeComponent(at.tools, next, [], await facts(next), at.run));
    expect(error).toMatchObject({
      code: 'COMPONENT_PUT_BACK',
      message: expect.stringContaining('41.3.0 is back and healthy') as string,
    });
    expect(error.details.join('\n')).toContain('new version is broken');
    expect(await get('helm.cattle.io/v1', 'HelmChart', 'traefik', 'kube-system')).toMatchObject({
      spec: { version: '41.3.0' },
    });
    expect(await get('v1', 'ConfigMap', 'extra', 'traefik')).toMatchObject({ data: { key: 'one' } });
    await upgradeComponent(at.tools, next, [], await facts(next), at.run);
    expect(await change(next)).toBeUndefined();
    expect(await get('v1', 'ConfigMap', 'extra', 'traefik')).toMatchObject({ data: { key: 'two' } });
  });

  it('leaves everything as it is when it is interrupted', async () => {
    await apply(traefik());
    const stop = new AbortController();
    const next = traefik({ version: '41.4.0' }, { version: '41.4.0' });
    const run = { signal: stop.signal, progress: () => stop.abort(new Error('Ctrl-C')) };
    await expect(upgradeComponent(at.tools, next, [], await facts(next), run)).rejects.toThrow('Ctrl-C');
    expect(await get('helm.cattle.io/v1', 'HelmChart', 'traefik', 'kube-system')).toMatchObject({
      spec: { version: '41.4.0' },
    });
  });
});

describe('a component that is removed', () => {
  const inventory = async () => (await facts()).inventories.get('traefik')!;
  const everything = async (): Promise<string[]> => {
    const kinds = (await at.kube.kinds(at.run)).filter(({ kind }) => !['Event', 'Lease'].includes(kind));
    const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => at.kube.list(apiVersion, kind, {}, at.run)));
    return lists
      .flat()
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      .sort();
  };

  it('leaves nothing behind but the definitions of its kinds', async () => {
    const before = await everything();
    await apply(traefik(), secret('hunter22'));
    expect(await removeComponent(at.tools, await inventory(), at.run)).toEqual([]);
    const left = (await everything()).filter((one) => !before.includes(one));
    expect(left.filter((one) => !one.startsWith('CustomResourceDefinition'))).toEqual([]);
  });

  it('leaves a namespace that was there before', async () => {
    await at.kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'traefik' } }, at.run);
    await apply(traefik());
    await removeComponent(at.tools, await inventory(), at.run);
    expect(await get('v1', 'Namespace', 'traefik')).toBeDefined();
  });

  it('leaves a namespace with something of somebody else in it, and says so', async () => {
    await apply(traefik());
    await fetch(`${at.cluster.address()}/api/v1/namespaces/traefik/configmaps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(map('theirs')),
    });
    expect(await removeComponent(at.tools, await inventory(), at.run)).toEqual([
      'namespace traefik stays: it still has ConfigMap traefik/theirs',
    ]);
    expect(await get('v1', 'ConfigMap', 'theirs', 'traefik')).toBeDefined();
  });

  it('keeps volume claims with their data', async () => {
    await apply(traefik());
    await at.kube.apply(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data', namespace: 'traefik', labels: { 'app.kubernetes.io/instance': 'traefik' } },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
      at.run,
    );
    expect(await removeComponent(at.tools, await inventory(), at.run)).toEqual([
      'volume claim traefik/data stays, with its data',
      'namespace traefik stays for its volume claims',
    ]);
    expect(await get('v1', 'PersistentVolumeClaim', 'data', 'traefik')).toBeDefined();
  });

  it('leaves a Secret that another component needs', async () => {
    await apply(traefik(), secret('hunter22'));
    const other = traefik({ id: 'other', chart: undefined, health: [], objects: [] });
    await apply(other, { ...secret('hunter22'), component: 'other' });
    await removeComponent(at.tools, await inventory(), at.run);
    expect(await get('v1', 'Secret', 'dns', 'traefik')).toBeDefined();
  });

  it('can be cut short at every write and begun again', async () => {
    await apply(traefik(), secret('hunter22'));
    const leaving = await inventory();
    for (let allowed = 0; ; allowed++) {
      expect(allowed).toBeLessThan(30);
      let left = allowed;
      const kube = await at.cluster.client({
        boundary: async ({ when }) => {
          if (when === 'after' && left-- === 0) throw new Error('killed');
        },
      });
      const killed = await removeComponent({ ...at.tools, kube }, leaving, at.run).then(
        () => false,
        () => true,
      );
      if (!killed) break;
    }
    expect(await get('v1', 'Namespace', 'traefik')).toBeUndefined();
    expect((await facts()).inventories.size).toBe(0);
  });
});

it('asks for one list of each kind to see that nothing changed', async () => {
  const objects = Array.from({ length: 50 }, (_, i) => map(`map-${i}`, { key: 'one' }));
  await apply(traefik({ objects }));
  at.cluster.requests.length = 0;
  expect(await change(traefik({ objects }))).toBeUndefined();
  expect(at.cluster.requests.length).toBeLessThan(15);
  expect(writes()).toEqual([]);
});
