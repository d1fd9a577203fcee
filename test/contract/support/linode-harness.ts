import { BookkeepingKubernetes } from '../../providers/sandbox/linode-api/rig.js';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createLinodeProvider } from '../../../providers/linode/index.js';
import { ScaledClock } from '../../../providers/sandbox/clock.js';
import { Faults } from '../../../providers/sandbox/hetzner-api/index.js';
import { LinodeCloud } from '../../../providers/sandbox/linode-api/index.js';
import { defaultProfile } from '../../../providers/sandbox/profile.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { systemRandom } from '../../../src/domain/clock.js';
import { Secret } from '../../../src/domain/secret.js';
import { loadLinodeApi } from '../../support/openapi-linode.js';
import type { EmulatorHarness, OpenOptions } from '../harness.js';
import { contextWith } from './context.js';
import { linodeOutside } from './linode-outside.js';
import { noMachines } from './no-machines.js';

const writer = 'token-that-may-write';
const reader = 'token-that-may-read';
const scale = 0.001;
const official = loadLinodeApi();

/** The Linode provider against the sandbox's Linode over real HTTP, in an account of its own. */
export async function linodeHarness(): Promise<EmulatorHarness> {
  const profile = { ...defaultProfile, timeScale: scale, apiLatencyMs: 0 };
  const faults = new Faults();
  const cloud = new LinodeCloud({
    profile: () => profile,
    clock: new ScaledClock(scale),
    host: noMachines,
    probe: { listening: () => false },
    kubernetes: new BookkeepingKubernetes(),
    random: systemRandom,
    faults,
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
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`;
  const controller = new AbortController();
  return {
    open: async ({ token = 'good', boundary = openBoundary }: OpenOptions = {}) =>
      createLinodeProvider({
        name: 'linode',
        title: 'Linode',
        token: new Secret({ good: writer, 'read-only': reader, wrong: 'nobody-knows-this' }[token]),
        endpoint,
        timeScale: 0.002,
        context: contextWith('linode', { boundary, signal: controller.signal }),
      }),
    types: { first: 'g6-standard-2', second: 'g6-dedicated-2', elsewhere: 'g7-premium-2' },
    places: { first: 'eu-central', second: undefined, apart: 'us-west' },
    addressesCost: false,
    paths: {
      machines: '/linode/instances',
      network: '/vpcs',
      others: ['/profile/sshkeys', '/vpcs', '/networking/firewalls', '/placement/groups', '/nodebalancers'],
    },
    words: {
      busy: [400, 'Linode busy.'],
      changing: undefined,
      tooMany: [429, 'Too many requests'],
      crowded: [400, 'The Placement Group has reached its maximum number of Linodes.'],
      inUse: [400, 'Cannot delete a VPC that has a subnet with resources assigned to it.'],
    },
    networkLimit: undefined,
    balancerBecause: () => 'tag slipway:cluster-id=',
    keysAreUnique: false,
    many: 30,
    killStride: 5,
    addresses: { public: /^198\.19\.\d+\.\d+$/, private: /^10\.0\./, api: /^198\.19\.\d+\.\d+$/ },
    image: 'linode/ubuntu26.04',
    requests,
    violations: official ? violations : undefined,
    outside: {
      ...linodeOutside(endpoint, writer),
      sellOut: async (type, location) => void faults.add({ effect: { soldOut: { type, location } } }),
      quota: async (instances) => cloud.setLimits({ instances }),
      cutNext: (method, path) => void faults.add({ match: { method, path }, effect: { drop: true } }),
      failNext: (method, path, status, message, done) =>
        void faults.add({
          match: { method, path },
          effect: { error: { status, code: message, message }, done: done !== undefined },
        }),
    },
    close: () =>
      new Promise((resolve) => {
        controller.abort(new Error('the test is over'));
        cloud.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function record(request: IncomingMessage, requests: string[], violations: string[]): void {
  const url = new URL(request.url ?? '/', 'http://cloud');
  const path = url.pathname.replace(/^\/v4/, '');
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as unknown);
    requests.push(`${request.method ?? ''} ${path}`);
    const problems = official?.checkRequest(request.method ?? '', url, body) ?? [];
    violations.push(...problems.map((problem) => `${request.method} ${path}: ${problem}`));
  });
}
