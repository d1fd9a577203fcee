import { afterEach, describe, expect, it } from 'vitest';

import { Actions } from '../../../../providers/hetzner/actions.js';
import { machines } from '../../../../providers/hetzner/machines/index.js';
import type { InfrastructureIds, Machines } from '../../../../src/provider/port.js';
import { scriptedApi, wireError, type Reply, type ScriptedApi, type SeenRequest } from '../support/scripted-api.js';
import { machine, server, serverType } from '../support/fixtures.js';

const { signal } = new AbortController();
const made: InfrastructureIds = new Map([
  ['ssh-key', { id: '30' }],
  ['network', { id: '40' }],
  ['firewall', { id: '50' }],
  ['placement:web:1', { id: '20' }],
]);
const desired = machine();
const action = (id: number, command: string, status = 'running', error: object | null = null) => ({
  id,
  command,
  status,
  progress: 0,
  error,
});
const failed = { code: 'action_failed', message: 'the network is busy' };
const catalogue: Reply = {
  status: 200,
  body: { server_types: ['cax21', 'cax31'].map((name) => serverType(name)) },
};
const sshKey: Reply = {
  status: 200,
  body: { ssh_key: { id: 30, name: 'demo-ssh', fingerprint: 'aa', labels: {} } },
};

let open: ScriptedApi | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function machinesWith(
  script: (what: string, request: SeenRequest) => Reply,
): Promise<ScriptedApi & { machines: Machines }> {
  open = await scriptedApi((request) =>
    request.path === '/ssh_keys/30' ? sshKey : script(`${request.method} ${request.path}`, request),
  );
  const { api, clock } = open;
  const actions = new Actions(api, clock, 1, signal);
  return { ...open, machines: machines({ api, clock, timeScale: 1, networkLimit: 100, actions }) };
}

describe('a server', () => {
  it('is asked for with all that it stands on', async () => {
    const cloud = await machinesWith(() => wireError(422, 'invalid_input'));
    await expect(cloud.machines.create(desired, '#cloud-config', made, { signal })).rejects.toMatchObject({
      apiCode: 'invalid_input',
    });
    expect(cloud.seen.find(({ method }) => method === 'POST')?.body).toEqual({
      name: desired.name,
      server_type: 'cax21',
      image: 'ubuntu-26.04',
      location: 'fsn1',
      ssh_keys: ['demo-ssh'],
      user_data: '#cloud-config',
      labels: desired.labels,
      networks: [40],
      firewalls: [{ firewall: 50 }],
      placement_group: 20,
      public_net: { enable_ipv4: true, enable_ipv6: true },
      start_after_create: true,
    });
  });

  it('is of the next type where Hetzner does not offer one at the location, whatever its catalogue says', async () => {
    const cloud = await machinesWith((what, { body }) => {
      const shown = server(1, desired.labels, { name: desired.name });
      if (what === 'GET /server_types') return catalogue;
      if (what !== 'POST /servers') return { status: 200, body: { server: shown, actions: [] } };
      return (body as { server_type: string }).server_type === 'cax21'
        ? wireError(422, 'invalid_input', 'unsupported location for server type')
        : { status: 201, body: { server: shown, action: action(10, 'create_server', 'success'), next_actions: [] } };
    });
    const machine = { ...desired, types: ['cax21', 'cax31'] };
    expect(await cloud.machines.create(machine, '', made, { signal })).toMatchObject({ id: '1' });
    expect(cloud.seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  it('is not asked for with another type where its whole location is disabled', async () => {
    const cloud = await machinesWith((what) => {
      if (what === 'GET /server_types') return catalogue;
      if (what === 'GET /servers') return { status: 200, body: { servers: [] } };
      return wireError(412, 'resource_unavailable', 'server location disabled', {});
    });
    const machine = { ...desired, types: ['cax21', 'cax31'] };
    await expect(cloud.machines.create(machine, '', made, { signal })).rejects.toMatchObject({
      message: `${desired.name} could not be created: Hetzner makes no servers at fsn1 now: the location is disabled.`,
      code: 'SOLD_OUT',
      hint: expect.stringContaining('another location') as unknown,
    });
    expect(cloud.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('is at the next location of its request where its own is disabled', async () => {
    const cloud = await machinesWith((what, { body }) => {
      const shown = server(1, desired.labels, { name: desired.name });
      if (what === 'GET /servers') return { status: 200, body: { servers: [] } };
      if (what !== 'POST /servers') return { status: 200, body: { server: shown, actions: [] } };
      return (body as { location: string }).location === 'fsn1'
        ? wireError(412, 'resource_unavailable', 'server location disabled', {})
        : { status: 201, body: { server: shown, action: action(10, 'create_server', 'success'), next_actions: [] } };
    });
    const told: string[] = [];
    const progress = (text: string): void => void told.push(text);
    const machine = { ...desired, elsewhere: ['nbg1', 'hel1'] };
    expect(await cloud.machines.create(machine, '', made, { signal, progress })).toMatchObject({ id: '1' });
    const orders = cloud.seen.filter(({ method }) => method === 'POST').map(({ body }) => body);
    expect(orders).toMatchObject([{ location: 'fsn1' }, { location: 'nbg1' }]);
    expect(told).toContain('fsn1 has none of cax21: trying nbg1');
  });

  it('that none of its locations has says which were tried', async () => {
    const cloud = await machinesWith((what) => {
      if (what === 'GET /servers') return { status: 200, body: { servers: [] } };
      return wireError(412, 'resource_unavailable', 'error during placement', {});
    });
    const machine = { ...desired, elsewhere: ['nbg1'] };
    await expect(cloud.machines.create(machine, '', made, { signal })).rejects.toMatchObject({
      message: `${desired.name} could not be created: cax21 is sold out at fsn1 and nbg1 now.`,
      code: 'SOLD_OUT',
    });
  });

  it('whose attaching failed is attached again', async () => {
    let attached = false;
    const cloud = await machinesWith((what, { query }) => {
      const shown = server(1, desired.labels, { name: desired.name, ...(attached ? {} : { private_net: [] }) });
      switch (what) {
        case 'POST /servers': {
          const next_actions = [action(11, 'start_server'), action(12, 'attach_to_network')];
          return { status: 201, body: { server: shown, action: action(10, 'create_server'), next_actions } };
        }
        case 'GET /actions': {
          const ids = query.getAll('id').map(Number);
          return {
            status: 200,
            body: {
              actions: ids.map((id) =>
                id === 12 ? action(id, 'attach_to_network', 'error', failed) : action(id, 'x', 'success'),
              ),
            },
          };
        }
        case 'POST /servers/1/actions/attach_to_network':
          attached = true;
          return { status: 201, body: { action: action(13, 'attach_to_network') } };
        default:
          return { status: 200, body: { server: shown } };
      }
    });
    const created = await cloud.machines.create(desired, '', made, { signal });
    expect(created).toMatchObject({ status: 'running', privateAddress: '10.0.0.2' });
    expect(cloud.seen.filter(({ path }) => path.endsWith('attach_to_network')).map(({ body }) => body)).toEqual([
      { network: 40 },
    ]);
  });

  it('that Hetzner could not make says why', async () => {
    const cloud = await machinesWith((what) => {
      const shown = server(1, desired.labels, { status: 'initializing' });
      const error = action(10, 'create_server', 'error', { code: 'action_failed', message: 'no host' });
      if (what === 'POST /servers') return { status: 201, body: { server: shown, action: error, next_actions: [] } };
      return wireError(404, 'not_found');
    });
    await expect(cloud.machines.create(desired, '', made, { signal })).rejects.toThrow(/create_server: no host/);
  });

  it('that is being deleted by an earlier run is waited for, and then made', async () => {
    let posts = 0;
    let looks = 0;
    const cloud = await machinesWith((what) => {
      const shown = server(2, desired.labels, { name: desired.name });
      switch (what) {
        case 'POST /servers':
          posts += 1;
          if (posts === 1) return wireError(409, 'uniqueness_error');
          return {
            status: 201,
            body: { server: shown, action: action(10, 'create_server', 'success'), next_actions: [] },
          };
        case 'GET /servers':
          return {
            status: 200,
            body: { servers: [server(1, desired.labels, { name: desired.name, status: 'deleting' })] },
          };
        case 'GET /servers/1':
          looks += 1;
          return looks < 3
            ? { status: 200, body: { server: server(1, desired.labels, { status: 'deleting' }) } }
            : wireError(404, 'not_found');
        default:
          return { status: 200, body: { server: shown } };
      }
    });
    expect(await cloud.machines.create(desired, '', made, { signal })).toMatchObject({ id: '2', status: 'running' });
    expect([posts, looks]).toEqual([2, 3]);
  });

  it('that never comes to run is given up after ten minutes, with what was last seen', async () => {
    const cloud = await machinesWith((what) => {
      const shown = server(1, desired.labels, { name: desired.name, status: 'starting' });
      if (what === 'POST /servers') {
        return {
          status: 201,
          body: { server: shown, action: action(10, 'create_server', 'success'), next_actions: [] },
        };
      }
      if (what === 'GET /servers/1/actions') return { status: 200, body: { actions: [] } };
      return { status: 200, body: { server: shown } };
    });
    const started = cloud.clock.now();
    await expect(cloud.machines.create(desired, '', made, { signal })).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      details: ['last seen: status starting, still to do: wait'],
    });
    expect(cloud.clock.now() - started).toBeLessThan(620_000);
  });
});
