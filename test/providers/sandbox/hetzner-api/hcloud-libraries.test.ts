import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { client } from '../../../support/clients.js';
import { FastCloud } from './fast-cloud.js';
import { publicKey } from './rig.js';

const run = promisify(execFile);
const python = client('hcloud-python');
const go = client('hcloud-go');

let cloud: FastCloud;
beforeEach(async () => {
  cloud = await FastCloud.open();
});
afterEach(() => cloud.close());

describe.skipIf(python === undefined)('Hetzner’s own Python library', () => {
  it('does its whole day’s work against the sandbox', async () => {
    const script = fileURLToPath(new URL('../../../clients/python/day.py', import.meta.url));
    const { stdout } = await run(python!, [script, cloud.endpoint, cloud.writer, cloud.reader, publicKey]);
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
    expect(cloud.host.calls).toContain('attach 10.0.1.2 to b');
  });
});

describe.skipIf(go === undefined)('Hetzner’s own Go library', () => {
  it('reads and waits for what the API has said and done since October 2026', async () => {
    const { stdout } = await run(go!, [cloud.endpoint, cloud.writer, cloud.reader]);
    expect(JSON.parse(stdout)).toEqual({
      'image deprecation': false,
      locations: 3,
      front: true,
      'second address': true,
      health: [80, 'unhealthy', 'layer4_no_connection', null],
      members: ['server 10.0.1.1 in 10.0.1.0/24: ok', 'load_balancer 10.0.1.2 in 10.0.1.0/24: ok'],
      'read-only': 'insufficient permissions for this request (forbidden)',
      'read-only is known': true,
      'unknown vSwitch': 'vswitch not found (service_error)',
      'type elsewhere': 'unsupported location for server type (invalid_input)',
      'address in use': 'primary IP must be unassigned (must_be_unassigned)',
      delete: 'delete_load_balancer',
      freed: true,
      left: 0,
    });
    expect(cloud.host.specs.size).toBe(0);
  });
});
