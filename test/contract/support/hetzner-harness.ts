import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createHetznerProvider } from '../../../providers/hetzner/index.js';
import { Cloud } from '../../../providers/sandbox/hetzner-api/index.js';
import { ScaledClock } from '../../../providers/sandbox/clock.js';
import { defaultProfile } from '../../../providers/sandbox/profile.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { systemRandom } from '../../../src/domain/clock.js';
import { Secret } from '../../../src/domain/secret.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import type { EmulatorHarness, OpenOptions } from '../harness.js';
import { contextWith } from './context.js';
import { noMachines } from './no-machines.js';
import { outsideOf } from './outside.js';
import { loadOpenApi } from '../../support/openapi.js';

const writer = 'token-that-may-write';
const reader = 'token-that-may-read';
const scale = 0.001;

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
  const outside = outsideOf(endpoint, writer);
  const controller = new AbortController();
  const open = async ({ token = 'good', boundary = openBoundary }: OpenOptions = {}): Promise<MachineProvider> =>
    createHetznerProvider({
      name: 'hetzner',
      title: 'Hetzner Cloud',
      token: new Secret({ good: writer, 'read-only': reader, wrong: 'nobody-knows-this' }[token]),
      endpoint,
      timeScale: 0.01,
      networkLimit,
      context: contextWith('hetzner', { boundary, signal: controller.signal }),
    });
  return {
    open,
    types: { first: 'cax21', second: 'cx33', elsewhere: 'cax31' },
    places: { first: 'fsn1', second: 'nbg1', apart: 'ash' },
    addressesCost: true,
    paths: {
      machines: '/servers',
      network: '/networks',
      others: ['/ssh_keys', '/networks', '/firewalls', '/placement_groups', '/load_balancers'],
    },
    words: {
      busy: [423, 'locked'],
      changing: [409, 'conflict'],
      tooMany: [429, 'rate_limit_exceeded'],
      crowded: [422, 'placement_error'],
      inUse: [422, 'resource_in_use'],
    },
    networkLimit,
    balancerBecause: (machine) => machine,
    keysAreUnique: true,
    many: 60,
    addresses: { public: /^\d+\.\d+\.\d+\.\d+$/, private: /^10\.0\./ },
    image: 'ubuntu-26.04',
    requests,
    violations: official ? violations : undefined,
    outside: {
      ...outside,
      sellOut: async (type, location) => void cloud.faults.add({ effect: { soldOut: { type, location } } }),
      quota: async (machines) => cloud.setLimits({ servers: machines }),
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

const closed = (server: Server, controller: AbortController): Promise<void> =>
  new Promise((resolve) => {
    controller.abort(new Error('the test is over'));
    server.close(() => resolve());
    server.closeAllConnections();
  });
