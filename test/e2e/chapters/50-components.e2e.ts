import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { ask } from '../../support/conversations-http.js';
import { type ApiServer, at } from '../../support/conversations.js';
import { chapter, took } from '../support/chapter.js';
import { serveFolder } from '../support/files.js';
import { ensure, kube, type KubeObject, wouldTake } from '../support/kube.js';
import { createHosts, destroyHosts, type RigHost, ssh } from '../support/rig.js';
import { fromRing, listed, ringFile, Slipway } from '../support/slipway.js';

const parts = new URL('../parts', import.meta.url).pathname;
const chart = '/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts/pager';
const job = '/apis/batch/v1/namespaces/kube-system/jobs/helm-install-pager';
const deployment = '/apis/apps/v1/namespaces/pager/deployments/pager';
const map = (name: string): string => `/api/v1/namespaces/pager/configmaps/${name}`;

/** A component goes through k3s's real controller and the real helm: installed, broken on purpose, recovered. */
describe('a component on a real k3s', () => {
  const step = chapter();
  const slipway = new Slipway();
  const folder = join(slipway.home, 'parts');
  let host: RigHost;
  let repository: Server;
  let server: ApiServer;

  beforeAll(async () => {
    cpSync(parts, folder, { recursive: true });
    repository = await serveFolder(fromRing('SLIPWAY_E2E_CHARTS'), fromRing('SLIPWAY_E2E_TLS'), '10.231.7.1', 8099);
    host = (await createHosts({ parts: 71 })).get('parts')!;
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const kubectl = 'k3s kubectl -n kube-system';
    console.log(
      await ssh(
        'parts',
        `${kubectl} get helmcharts,jobs,pods -A -o wide; ${kubectl} logs job/helm-install-pager --tail 30; ${kubectl} describe pods | tail -30; true`,
      ).catch(String),
    );
  });
  afterAll(async () => {
    repository.close();
    await destroyHosts('parts');
    slipway.close();
  });

  const write = (pager: boolean | Readonly<Record<string, unknown>>): void =>
    slipway.write(ringFile('parts', [listed(host)], { components: { preset: 'none', folders: [folder], pager } }));
  const apply = ['cluster', 'apply', 'parts', '-f', slipway.file, '--yes'];
  const finishes = async (command: readonly string[] = apply): Promise<number> =>
    (await slipway.done(command, { minutes: 6 })).ms;
  const status = async (path: string): Promise<number> =>
    (await ask(server, { method: 'GET', path, headers: { accept: 'application/json' } })).status;
  const value = async (path: string, pointer: string): Promise<unknown> => at(await kube(server, 'GET', path), pointer);
  const greeting = '/metadata/annotations/slipway.test~1greeting';

  step('is created with the cluster: the controller’s job has our values, and its workload is healthy', 8, async () => {
    write({ greeting: 'good: "morning"' });
    took(
      'create: 1 server with a component through the real helm',
      await finishes(['cluster', 'create', '-f', slipway.file, '--yes']),
    );
    server = await slipway.api('parts');
    expect(String(await value(chart, '/spec/valuesContent'))).toContain('morning');
    expect(await value(job, '/spec/template/spec/containers/0/image')).toBe(fromRing('SLIPWAY_E2E_HELM_IMAGE'));
    expect(await value(job, '/status/succeeded')).toBe(1);
    expect(await value(deployment, greeting)).toBe('good: "morning"');
    expect(await value(deployment, '/status/readyReplicas')).toBe(1);
    for (const name of ['first', 'second']) expect(await value(map(name), '/data/greeting')).toBe('good: "morning"');
  });

  step('is left alone by a second run', 4, async () => {
    const uid = await value(job, '/metadata/uid');
    await finishes(['cluster', 'plan', 'parts', '-f', slipway.file, '--detailed-exitcode']);
    await finishes();
    expect(await value(job, '/metadata/uid')).toBe(uid);
  });

  step('takes a new value through an upgrade of its release', 5, async () => {
    write({ greeting: 'evening' });
    await finishes();
    expect(await value(deployment, greeting)).toBe('evening');
  });

  step('broken on purpose, it says what helm said, and what ran goes on running', 8, async () => {
    write({ greeting: 'evening', values: { port: 'nonsense' } });
    const { code, err } = await slipway.run([...apply, '--progress', 'plain'], { minutes: 7 });
    expect(code, err.slice(-3000)).toBe(4);
    expect(err).toMatch(/pager/);
    expect(err).toMatch(/nonsense|containerPort|cannot be handled/);
    expect(await value(deployment, '/status/readyReplicas')).toBe(1);
  });

  step('mended, the same command finishes although the release had failed', 6, async () => {
    write({ greeting: 'night', replicas: 2 });
    await finishes();
    expect(await value(deployment, greeting)).toBe('night');
    expect(await value(deployment, '/status/readyReplicas')).toBe(2);
  });

  step('a first release that failed is recovered, too', 10, async () => {
    write(false);
    await finishes();
    for (const path of [chart, deployment, map('first')]) expect(await status(path), path).toBe(404);
    write({ values: { port: 'nonsense' } });
    expect((await slipway.run(apply, { minutes: 6 })).code).toBe(4);
    write({ greeting: 'again' });
    await finishes();
    expect(await value(deployment, greeting)).toBe('again');
  });

  step('what leaves a template leaves the cluster', 4, async () => {
    rmSync(join(folder, 'pager/manifests/20-second.yaml.hbs'));
    await finishes();
    expect(await status(map('second'))).toBe(404);
    expect(await status(map('first'))).toBe(200);
  });

  step('switched off, it is gone, and nothing else', 5, async () => {
    write(false);
    await finishes();
    for (const path of [chart, job, deployment, map('first')]) expect(await status(path), path).toBe(404);
    await finishes(['cluster', 'plan', 'parts', '-f', slipway.file, '--detailed-exitcode']);
  });

  step('all that the baseline is made of is taken by the API, strictly', 4, async () => {
    const components = { nats: {}, 'external-dns': { dns: { provider: 'cloudflare' }, domains: ['ring.example'] } };
    slipway.write(ringFile('parts', [listed(host)], { components }));
    const out = join(slipway.home, 'rendered');
    await finishes(['component', 'render', '-f', slipway.file, '--out', out]);
    const objects = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.yaml$/.test(name) && !/kustomization|secrets-needed/.test(name))
      .flatMap((name) => parseAllDocuments(readFileSync(join(out, name), 'utf8')))
      .map((document) => document.toJS() as KubeObject);
    for (const one of objects) if (one.kind === 'Namespace') await ensure(server, '/api/v1/namespaces', one);
    const unserved = new Set<string>();
    const charts: string[] = [];
    for (const one of objects) {
      const answer = await wouldTake(server, one);
      if (!answer) unserved.add(one.apiVersion);
      else expect(answer.status, `${one.kind} ${one.metadata.name}: ${answer.body.slice(0, 600)}`).toBeLessThan(300);
      if (answer && one.kind === 'HelmChart') charts.push(one.metadata.name);
    }
    for (const name of ['traefik', 'cert-manager', 'loki', 'nats']) expect(charts).toContain(name);
    // Their kinds come with the charts themselves.
    expect(
      [...unserved].sort().filter((group) => !/^(monitoring\.coreos\.com|cert-manager\.io)\//.test(group)),
    ).toEqual([]);
  });
});
