// How long what a lost machine did is missing, in a sandbox as slow as a real cloud, healed from here with a standby at hand:
// first a pod without data, then one with a volume. Prints JSON. Needs a build.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { startSandbox, stopSandbox } from '../../build/providers/sandbox/index.js';
import { openBoundary } from '../../build/src/domain/boundary.js';
import { systemClock } from '../../build/src/domain/clock.js';
import { Secret } from '../../build/src/domain/secret.js';
import { openKube } from '../../build/src/kube/index.js';

const run = promisify(execFile);
const bin = new URL('../../bin/run.js', import.meta.url).pathname;
const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const options = { cwd: home, env: { PATH: process.env.PATH, HOME: home, SLIPWAY_HOME: join(home, 'ws') } };
const folder = join(home, 'ws', 'state', 'sandbox');
const quick = 0.01;
const aims = { stateless: 15, volume: 30, capacity: 60 };
const { signal } = new AbortController();

const slipway = async (...args) => (await run(process.execPath, [bin, ...args], options)).stdout;

const workload = (name, kind, more) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
    ...more,
  },
});
const storage = {
  storageClassName: 'hcloud-volumes',
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '10Gi' } },
};

const sandbox = await startSandbox(folder, { timeScale: quick });
const pools = 'pools: [{name: web, count: 3, standby: 1}]';
const components = 'components: {preset: none, hcloud-csi: true}';
writeFileSync(join(home, 'bench.yaml'), `name: bench\nprovider: {name: sandbox}\n${pools}\n${components}\n`);
await slipway('cluster', 'create', '-f', 'bench.yaml', '--yes');
const kubeconfig = new Secret(readFileSync(join(home, 'ws/clusters/bench/kubeconfig'), 'utf8'));
const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
await kube.apply(workload('stateless', 'Deployment'), { signal });
const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: storage }];
await kube.apply(workload('volume', 'StatefulSet', { serviceName: 'volume', volumeClaimTemplates }), { signal });

/** The pod of a workload that would answer: Ready, on a machine that is there. */
async function answering(app) {
  const [pods, { servers }] = await Promise.all([
    kube.list('v1', 'Pod', { namespace: 'default' }, { signal }),
    fetch(`${sandbox.endpoint}/servers?per_page=50`, {
      headers: { Authorization: `Bearer ${sandbox.info.cloudToken}` },
    }).then((answer) => answer.json()),
  ]);
  return pods.find(
    ({ metadata, spec, status }) =>
      metadata.labels?.app === app &&
      metadata.deletionTimestamp === undefined &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') &&
      servers.some(({ name, status: is }) => name === spec.nodeName && is === 'running'),
  );
}

async function settled(app) {
  for (;;) {
    const pod = await answering(app);
    if (pod) return pod.spec.nodeName;
    await pause(100);
  }
}

/** Seconds, each since the machine was deleted. */
async function lose(app) {
  const node = await settled(app);
  const page = createServer((_, response) => {
    answering(app)
      .catch(() => undefined)
      .then((pod) => response.writeHead(pod ? 200 : 503).end());
  });
  await new Promise((resolve) => page.listen(0, '127.0.0.1', resolve));
  await sandbox.call('POST', 'profile', { timeScale: 1 });
  const url = `http://127.0.0.1:${page.address().port}/`;
  const { times } = JSON.parse(
    await slipway('drill', 'node-loss', 'bench', '--node', node, '--heal', '--yes', '--url', url, '--json'),
  );
  await sandbox.call('POST', 'profile', { timeScale: quick });
  page.close();
  const seconds = (ms) => (ms === undefined ? undefined : Number((ms / 1000).toFixed(1)));
  return {
    app,
    noticed: seconds(times.noticedMs),
    detached: seconds(times.detachedMs),
    ready: seconds(times.podsReadyMs),
    answered: seconds(times.url.answeredMs),
    aim: aims[app],
    capacity: seconds(times.capacityMs),
    capacityAim: aims.capacity,
  };
}

const results = [];
for (const app of ['stateless', 'volume']) {
  await settled('stateless');
  await settled('volume');
  results.push(await lose(app));
}
kube.close();
await stopSandbox(folder);
rmSync(home, { recursive: true, force: true });
console.log(JSON.stringify(results));
