import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import { diffMachines, type Machine } from '../../../src/domain/index.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { createRuntime } from '../../../src/runtime/context.js';
import { watchCluster } from '../../../src/workflows/cluster/heal/watch.js';
import { ownKubeconfig } from '../../../src/workspace/own-kubeconfig.js';
import { InMemoryDistribution } from '../../distributions/in-memory.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

const defaults = { controlPlaneType: 'small', workerType: 'small', location: 'here', image: 'none' };
const cluster = { name: 'demo', id: 'abc' };
const spec = clusterSchema.parse({
  name: 'demo',
  provider: { name: 'x' },
  backup: { every: '24h' },
  notify: [{ name: 'team', type: 'webhook', url: { env: 'TEAM_HOOK' } }],
});
const machines = diffMachines(cluster, spec, defaults, []).desired.map((machine) => ({
  ...machine,
  id: machine.name,
  type: 'small',
  status: 'running',
})) as unknown as readonly Machine[];
const server = machines[0]!.name;
const dayMs = 24 * 3_600_000;

/** A webhook, whose news are the first lines of what came since the last time. */
async function team() {
  const got: string[] = [];
  let status = 200;
  const hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (status === 200) got.push((JSON.parse(body) as { text: string }).text.split('\n')[0]!);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void hook.close());
  return {
    url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`,
    news: () => got.splice(0),
    answer: (code: number) => void (status = code),
  };
}

it('`cluster heal --watch` tells of each ill that is planted once, whoever finds it, and again when it comes back', async () => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-watch-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const { url, news, answer } = await team();
  const [clock, reporter] = [new FakeClock(), new RecordingReporter()];
  const env = { HOME: home, SLIPWAY_HOME: home, TEAM_HOOK: url };
  const runtime = await createRuntime({ reporter, signal: new AbortController().signal, env });
  onTestFinished(() => runtime.dispose());
  let looks = 0;
  let enough: () => void = () => undefined;
  const provider = {
    name: 'x',
    title: 'X',
    defaults,
    traits: rentedTraits,
    machines: {
      list: async () => {
        looks += 1;
        if (looks > 8) enough();
        return machines;
      },
    },
  } as unknown as MachineProvider;
  const distribution = Object.assign(new InMemoryDistribution(), { backups: {} });
  const runs = (version: string): void =>
    void distribution.nodes.set(server, {
      name: server,
      ready: true,
      version,
      schedulable: true,
      controlPlane: true,
      conditions: {},
      address: undefined,
      providerId: undefined,
      labels: {},
      annotations: {},
      taints: [],
      createdAt: '',
    });
  runs('v1.36.5+k3s1');
  const context = {
    ...runtime,
    // Twenty minutes go by between two looks, so that few looks are hours.
    clock: Object.assign(Object.create(clock) as FakeClock, {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(240 * ms, signal),
    }),
    provider: () => Promise.resolve(provider),
    distribution: () => Promise.resolve(distribution as unknown as Awaited<ReturnType<typeof runtime.distribution>>),
    openApi: () => Promise.resolve(distribution.api),
  };
  const folder = runtime.workspace.cluster('demo');
  await folder.saveRecord({ ...cluster, spec, createdAt: '2026-11-20T10:00:00Z', file: undefined });
  const authority = { 'certificate-authority-data': 'Q0E=' };
  const servers = ['https://api.example'];
  await folder.saveKubeconfig(ownKubeconfig({ cluster: 'demo', servers, authority, user: { token: 'secret' } }));
  const certificateEnds = (inDays: number): Promise<void> =>
    folder.note('certificates', {
      at: new Date(clock.now()).toISOString(),
      machines: [{ machine: server, path: 'server.crt', until: new Date(clock.now() + inDays * dayMs).toISOString() }],
    });
  const backedUp = (daysAgo: number, provenDaysAgo: number): Promise<void> => {
    const at = (days: number): string => new Date(clock.now() - days * dayMs).toISOString();
    const id = `${at(daysAgo).slice(0, 19).replace('T', 't').replaceAll(':', '-')}z-0000`;
    const restore = { id, at: at(provenDaysAgo), dataAgeMs: 1, tookMs: 1 };
    return folder.saveLastBackup({ backup: { id, where: '/backups' }, restore });
  };
  /** For more than two hours. */
  const watched = async (): Promise<readonly string[]> => {
    const until = new AbortController();
    looks = 0;
    enough = () => until.abort();
    const policy = { off: new Set<string>(), rebootAfterMs: 180_000, replaceAfterMs: 300_000, maxWorkersDown: '40%' };
    await watchCluster(context, { cluster: 'demo', ...policy }, 'again', until.signal);
    return news();
  };

  await certificateEnds(300);
  await backedUp(0, 0);
  expect(await watched()).toEqual([]);

  await certificateEnds(80);
  answer(500);
  expect(await watched()).toEqual([]);
  answer(200);
  expect(await watched()).toEqual([`demo: A certificate of ${server} ends in 79 days, on 2027-02-08.`]);
  expect(await watched()).toEqual([]);

  runs('v1.33.9+k3s1');
  expect(await watched()).toEqual(['demo: v1.33.9+k3s1 is not maintained any more, since 2026-06-28.']);

  await backedUp(3, 1);
  expect(await watched()).toEqual([expect.stringMatching(/^demo: The last backup of demo is 3 d old/)]);
  await backedUp(0, 16);
  expect(await watched()).toEqual([expect.stringMatching(/^demo: No backup of demo was restored for 16 d/)]);
  expect(await watched()).toEqual([]);

  await backedUp(3, 0);
  expect(await watched(), 'it was well in between').toEqual([expect.stringMatching(/^demo: The last backup/)]);
});
