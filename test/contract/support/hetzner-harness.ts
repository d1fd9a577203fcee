import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createRemote } from '../../../src/remote/index.js';
import { createHetznerProvider } from '../../../providers/hetzner/index.js';
import { Cloud } from '../../../providers/sandbox/hetzner-api/index.js';
import { ScaledClock } from '../../../providers/sandbox/clock.js';
import { defaultProfile } from '../../../providers/sandbox/profile.js';
import type { MachineHost } from '../../../providers/sandbox/types.js';
import { openBoundary, type Boundary } from '../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../src/domain/clock.js';
import { Secret } from '../../../src/domain/secret.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import type { EmulatorHarness, OpenOptions } from '../harness.js';
import { loadOpenApi } from '../../support/openapi.js';

const writer = 'token-that-may-write';
const reader = 'token-that-may-read';
const scale = 0.001;

/** Nobody rents these machines: the cloud is tested without the computers in it. */
const noMachines: MachineHost = {
  create: () => undefined,
  powerOn: () => undefined,
  powerOff: () => undefined,
  shutdown: () => undefined,
  reboot: () => undefined,
  delete: () => undefined,
  attach: () => undefined,
  detach: () => undefined,
};

const official = loadOpenApi();

/** The Hetzner provider against the sandbox's cloud over real HTTP, in an account of its own. */
export async function hetznerHarness(networkLimit = 100): Promise<EmulatorHarness> {
  const profile = { ...defaultProfile, timeScale: scale, apiLatencyMs: 0, networkLimit: 1000 };
  const cloud = new Cloud({
    profile,
    limits: { servers: 1000 },
    clock: new ScaledClock(scale),
    host: noMachines,
    probe: { listening: () => false },
    random: systemRandom,
    tokens: [
      { token: writer, access: 'read-write' },
      { token: reader, access: 'read-only' },
    ],
  });
  const violations: string[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    if (request.headers['user-agent'] === 'slipway') record(request, requests, violations);
    cloud.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const outside = outsideOf(endpoint);
  const controller = new AbortController();
  const open = ({ token = 'good', boundary = openBoundary }: OpenOptions = {}): MachineProvider =>
    createHetznerProvider({
      name: 'hetzner',
      title: 'Hetzner Cloud',
      token: new Secret({ good: writer, 'read-only': reader, wrong: 'nobody-knows-this' }[token]),
      endpoint,
      timeScale: 0.01,
      networkLimit,
      context: contextWith(boundary, controller.signal),
    });
  return {
    open,
    types: { first: 'cax21', second: 'cx33', elsewhere: 'cax31' },
    places: { first: 'fsn1', second: 'nbg1', apart: 'ash' },
    many: 60,
    addresses: { public: /^\d+\.\d+\.\d+\.\d+$/, private: /^10\.0\./ },
    image: 'ubuntu-26.04',
    requests,
    violations: official ? violations : undefined,
    outside: {
      ...outside,
      sellOut: (type, location) => void cloud.faults.add({ effect: { soldOut: { type, location } } }),
      quota: (machines) => cloud.setLimits({ servers: machines }),
      cutNext: (method, path) => void cloud.faults.add({ match: { method, path }, effect: { drop: true } }),
      failNext: (method, path, status, code, done) =>
        void cloud.faults.add({
          match: { method, path },
          effect: { error: { status, code, message: code }, done: done !== undefined },
        }),
    },
    close: () => closed(server, controller),
  };
}

const contextWith = (boundary: Boundary, signal: AbortSignal) => ({
  section: { name: 'hetzner' },
  remote: createRemote({ clock: systemClock, random: systemRandom, boundary }),
  secret: () => undefined,
  variable: () => undefined,
  stateFolder: '',
  clock: systemClock,
  random: systemRandom,
  boundary,
  signal,
  log: () => undefined,
});

function record(request: IncomingMessage, requests: string[], violations: string[]): void {
  const url = new URL((request.url ?? '/').replace(/^\/v1/, ''), 'http://cloud');
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as unknown);
    requests.push(`${request.method ?? ''} ${url.pathname}`);
    const problems = official?.checkRequest(request.method ?? '', url, body) ?? [];
    violations.push(...problems.map((problem) => `${request.method} ${url.pathname}: ${problem}`));
  });
}

interface Answer extends Readonly<Record<string, unknown>> {
  readonly action?: { readonly id: number; readonly status: string };
  readonly next_actions?: readonly { readonly id: number }[];
}

/** What a person or the cluster's own controllers do at the provider, by its own API. */
function outsideOf(endpoint: string): Omit<EmulatorHarness['outside'], 'sellOut' | 'quota' | 'cutNext' | 'failNext'> {
  const send = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${writer}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Answer);
  };
  /** Sends, and waits for the actions that begin with it. */
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await send(method, path, body);
    const begun = [...(answer.action ? [answer.action] : []), ...(answer.next_actions ?? [])];
    for (const { id } of begun) {
      while ((await send('GET', `/actions/${id}`)).action?.status === 'running') await systemClock.sleep(2);
    }
    return answer;
  };
  const made = async (path: string, key: string, body: object): Promise<string> =>
    String(((await call('POST', path, body))[key] as { id: number }).id);
  const kinds = [
    'servers',
    'ssh_keys',
    'networks',
    'firewalls',
    'placement_groups',
    'load_balancers',
    'volumes',
    'primary_ips',
  ];
  return {
    machine: (name) =>
      made('/servers', 'server', { name, server_type: 'cx23', image: 'ubuntu-26.04', location: 'fsn1' }),
    network: (name) => made('/networks', 'network', { name, ip_range: '10.9.0.0/16' }),
    sshKey: (name, publicKey) => made('/ssh_keys', 'ssh_key', { name, public_key: publicKey }),
    serviceBalancer: (name, machineId) =>
      made('/load_balancers', 'load_balancer', {
        name,
        load_balancer_type: 'lb11',
        location: 'fsn1',
        labels: { 'hcloud-ccm/service-uid': '0d9c8e9e' },
        targets: machineId === undefined ? [] : [{ type: 'server', server: { id: Number(machineId) } }],
      }),
    volume: (name, machineId) =>
      made('/volumes', 'volume', {
        name,
        size: 10,
        labels: { 'managed-by': 'csi-driver', 'pvc-name': name },
        ...(machineId === undefined ? { location: 'fsn1' } : { server: Number(machineId) }),
      }),
    attach: async (volumeId, machineId) =>
      void (await call('POST', `/volumes/${volumeId}/actions/attach`, { server: Number(machineId) })),
    stop: async (machineId) => void (await call('POST', `/servers/${machineId}/actions/poweroff`)),
    protect: async (machineId) =>
      void (await call('POST', `/servers/${machineId}/actions/change_protection`, { delete: true, rebuild: true })),
    async everything() {
      const lists = await Promise.all(kinds.map((kind) => call('GET', `/${kind}?per_page=50`)));
      return kinds.flatMap((kind, i) =>
        ((lists[i]?.[kind] ?? []) as { name: string }[]).map(({ name }) => `${kind}/${name}`),
      );
    },
  };
}

const closed = (server: Server, controller: AbortController): Promise<void> =>
  new Promise((resolve) => {
    controller.abort(new Error('the test is over'));
    server.close(() => resolve());
    server.closeAllConnections();
  });
