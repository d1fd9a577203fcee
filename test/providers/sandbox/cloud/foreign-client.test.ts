import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { Cloud } from '../../../../providers/sandbox/cloud/index.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { client } from '../../../support/clients.js';
import { BookkeepingHost, profile, publicKey } from './rig.js';

const run = promisify(execFile);
const python = client('hcloud-python');

describe.skipIf(python === undefined)('Hetzner’s own Python client', () => {
  it('does its whole day’s work against the sandbox', async () => {
    const host = new BookkeepingHost();
    const fast = { ...profile, timeScale: 0.01, apiLatencyMs: 120 };
    const cloud = new Cloud({
      profile: fast,
      clock: new ScaledClock(fast.timeScale),
      host,
      probe: host,
      tokens: [
        { token: 'writer', access: 'read-write' },
        { token: 'reader', access: 'read-only' },
      ],
      random: systemRandom,
    });
    const server = createServer((request, response) => cloud.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const script = fileURLToPath(new URL('./foreign_client.py', import.meta.url));
      const { stdout } = await run(python!, [script, endpoint, 'writer', 'reader', publicKey]);
      expect(JSON.parse(stdout)).toEqual({
        locations: ['fsn1', 'nbg1', 'hel1', 'ash', 'hil', 'sin'],
        server_types: 25,
        images: 2,
        statuses: ['running', 'running'],
        private: ['10.0.1.1', '10.0.1.2'],
        firewalls: ['applied', 'applied'],
        found: ['a', 'b'],
        twice: 'uniqueness_error',
        balancer: '10.0.1.3',
        front: true,
        assigned: ['load_balancer', true],
        health: [
          [6443, 'unhealthy', 'layer4_no_connection'],
          [6443, 'unhealthy', 'layer4_no_connection'],
        ],
        members: [
          ['server', '10.0.1.1', 'ok'],
          ['server', '10.0.1.2', 'ok'],
          ['load_balancer', '10.0.1.3', 'ok'],
        ],
        balancers: true,
        forbidden: ['forbidden', 'insufficient permissions for this request'],
        freed: 'unassigned',
        front_gone: true,
        volume_on: true,
        off: 'off',
        image: ['available', null],
        left: 0,
        volume_free: true,
        network: true,
        firewall: true,
      });
      expect(host.calls).toContain('attach 10.0.1.2 to b');
    } finally {
      cloud.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
