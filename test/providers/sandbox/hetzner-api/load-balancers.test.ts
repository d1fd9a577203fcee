import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Rig, type WireServer } from './rig.js';

let rig: Rig;
let network: number;
beforeEach(async () => {
  rig = await new Rig().open();
  network = await rig.network();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

interface WireHealth {
  readonly health_status: readonly { readonly listen_port: number; readonly status: string }[];
}
interface WireTarget extends WireHealth {
  readonly type: string;
  readonly targets?: readonly (WireHealth & { readonly server: { readonly id: number; readonly ip: string } })[];
}
interface WireBalancer {
  readonly id: number;
  readonly private_net: readonly { readonly network: number; readonly ip: string }[];
  readonly targets: readonly WireTarget[];
  readonly services: readonly { readonly listen_port: number; readonly health_check: { readonly port: number } }[];
}

const health_check = { protocol: 'tcp', port: 6443, interval: 3, timeout: 3, retries: 1 };
const api = { protocol: 'tcp', listen_port: 6443, destination_port: 6443, proxyprotocol: false, health_check };
const byLabel = { type: 'label_selector', label_selector: { selector: 'role=cp' }, use_private_ip: true };

const make = async (more: object = {}): Promise<number> => {
  const { status, body } = await rig.post<{ load_balancer: WireBalancer }>('/load_balancers', {
    name: 'api',
    load_balancer_type: 'lb11',
    location: 'fsn1',
    public_interface: false,
    network,
    services: [api],
    targets: [byLabel],
    ...more,
  });
  expect(status).toBe(201);
  return body.load_balancer.id;
};
const look = async (id: number): Promise<WireBalancer> =>
  (await rig.get<{ load_balancer: WireBalancer }>(`/load_balancers/${id}`)).body.load_balancer;
const controlPlane = (name: string): Promise<WireServer> =>
  rig.server(name, { networks: [network], labels: { role: 'cp' } });

describe('a private load balancer', () => {
  it('gets its address with its first action, and knows nothing of its targets before', async () => {
    const server = await controlPlane('cp-1');
    const id = await make();
    const before = await look(id);
    expect(before.private_net).toEqual([]);
    expect(before.targets[0]?.targets?.[0]?.health_status).toEqual([{ listen_port: 6443, status: 'unknown' }]);
    rig.settle();
    const after = await look(id);
    expect(after.private_net).toEqual([{ network, ip: '10.0.0.3' }]);
    expect(after.targets[0]?.targets?.[0]?.server).toEqual({ id: server.id, ip: '10.0.0.2' });
  });

  it('finds by label who comes and forgets who goes, and sends to whoever listens', async () => {
    const id = await make();
    const first = await controlPlane('cp-1');
    const second = await controlPlane('cp-2');
    const [address] = (await look(id)).private_net;
    const reach = () => rig.cloud.resolve(first.id, address?.ip ?? '', 6443);
    expect(reach()).toEqual([]);
    rig.host.listen(first.id, 6443);
    rig.host.listen(second.id, 6443);
    expect(reach()).toEqual([first.id, second.id]);
    expect(rig.cloud.resolve(first.id, address?.ip ?? '', 22)).toEqual([]);
    await rig.post(`/servers/${second.id}/actions/poweroff`);
    expect(reach()).toEqual([first.id]);
    const { targets } = await look(id);
    expect(targets[0]?.targets?.map((one) => one.health_status[0]?.status)).toEqual(['healthy', 'unhealthy']);
    rig.settle();
    await rig.delete(`/servers/${second.id}`);
    rig.settle();
    expect((await look(id)).targets[0]?.targets).toHaveLength(1);
  });

  it('is reached only from its own network', async () => {
    const id = await make();
    const inside = await controlPlane('cp-1');
    const outside = await rig.server('outside');
    rig.host.listen(inside.id, 6443);
    const [address] = (await look(id)).private_net;
    expect(rig.cloud.resolve(inside.id, address?.ip ?? '', 6443)).toEqual([inside.id]);
    expect(rig.cloud.resolve(outside.id, address?.ip ?? '', 6443)).toEqual([]);
  });
});

describe('a target', () => {
  const path = (id: number, verb: string): string => `/load_balancers/${id}/actions/${verb}`;

  it('by its private address needs both on one network', async () => {
    const lone = await rig.server('lone');
    const id = await make({ network: undefined, public_interface: true, targets: [] });
    rig.settle();
    const target = { type: 'server', server: { id: lone.id }, use_private_ip: true };
    expect(await rig.refusal('POST', path(id, 'add_target'), target)).toBe('422 load_balancer_not_attached_to_network');
    expect((await rig.post(path(id, 'attach_to_network'), { network })).status).toBe(201);
    expect(await rig.refusal('POST', path(id, 'add_target'), target)).toBe('423 locked');
    rig.settle();
    expect(await rig.refusal('POST', path(id, 'add_target'), target)).toBe('422 resolve_cloud_private_targets_error');
    expect(await rig.refusal('POST', path(id, 'attach_to_network'), { network })).toBe(
      '422 load_balancer_already_attached',
    );
  });

  it('is there once, and can be taken away', async () => {
    const id = await make();
    rig.settle();
    expect(await rig.refusal('POST', path(id, 'add_target'), byLabel)).toBe('422 target_already_defined');
    const { use_private_ip: _private, ...target } = byLabel;
    expect((await rig.post(path(id, 'remove_target'), target)).status).toBe(201);
    expect((await look(id)).targets).toEqual([]);
  });

  it('by its public address is subject to the server’s firewalls', async () => {
    const wall = await rig.post<{ firewall: { id: number } }>('/firewalls', { name: 'wall', rules: [] });
    const server = await rig.server('web');
    rig.host.listen(server.id, 6443);
    const id = await make({
      network: undefined,
      public_interface: true,
      targets: [{ type: 'server', server: { id: server.id } }],
    });
    rig.settle();
    expect((await look(id)).targets[0]?.health_status[0]?.status).toBe('healthy');
    await rig.post(`/firewalls/${wall.body.firewall.id}/actions/apply_to_resources`, {
      apply_to: [{ type: 'server', server: { id: server.id } }],
    });
    rig.settle();
    expect((await look(id)).targets[0]?.health_status[0]?.status).toBe('unhealthy');
    const { body } = await rig.get<{ server: WireServer }>(`/servers/${server.id}`);
    expect(body.server.load_balancers).toEqual([id]);
  });
});

describe('a service', () => {
  const path = (id: number, verb: string): string => `/load_balancers/${id}/actions/${verb}`;

  it('has its port for itself', async () => {
    const id = await make();
    rig.settle();
    expect(await rig.refusal('POST', path(id, 'add_service'), api)).toBe('412 source_port_already_used');
    const check = { ...health_check, protocol: 'http', port: 8080 };
    const web = { ...api, protocol: 'http', listen_port: 80, destination_port: 8080, health_check: check };
    expect((await rig.post(path(id, 'add_service'), web)).status).toBe(201);
    rig.settle();
    const change = { listen_port: 80, destination_port: 8081, health_check: { ...check, port: 9000 } };
    expect((await rig.post(path(id, 'update_service'), change)).status).toBe(201);
    rig.settle();
    expect((await look(id)).services).toMatchObject([
      { listen_port: 6443 },
      { listen_port: 80, destination_port: 8081, health_check: { port: 9000, protocol: 'http' } },
    ]);
    expect((await rig.post(path(id, 'delete_service'), { listen_port: 80 })).status).toBe(201);
  });

  it('is one of five on the smallest type', async () => {
    const id = await make();
    for (const listen_port of [1001, 1002, 1003, 1004]) {
      rig.settle();
      await rig.post(path(id, 'add_service'), { ...api, listen_port });
    }
    rig.settle();
    const more = { ...api, listen_port: 1005 };
    expect(await rig.refusal('POST', path(id, 'add_service'), more)).toBe('403 resource_limit_exceeded');
    expect((await rig.post(path(id, 'change_type'), { load_balancer_type: 'lb21' })).status).toBe(201);
    rig.settle();
    expect((await rig.post(path(id, 'add_service'), more)).status).toBe(201);
    rig.settle();
    expect(await rig.refusal('POST', path(id, 'change_type'), { load_balancer_type: 'lb11' })).toBe(
      '422 invalid_load_balancer_type',
    );
  });
});

it('refuses an order without a place, with an unknown type, or with a name that is taken', async () => {
  const order = { name: 'api', load_balancer_type: 'lb11', location: 'fsn1' };
  expect(await rig.refusal('POST', '/load_balancers', { ...order, location: undefined })).toBe('422 invalid_input');
  expect(await rig.refusal('POST', '/load_balancers', { ...order, load_balancer_type: 'lb1' })).toBe(
    '422 invalid_input',
  );
  await make();
  expect(await rig.refusal('POST', '/load_balancers', order)).toBe('409 uniqueness_error');
});

it('can’t lose its public interface while a target needs it, and deletes unless protected', async () => {
  const id = await make({ public_interface: true });
  rig.settle();
  const act = (verb: string, body?: object) => rig.post(`/load_balancers/${id}/actions/${verb}`, body);
  await act('change_protection', { delete: true });
  expect(await rig.refusal('DELETE', `/load_balancers/${id}`)).toBe('423 protected');
  await act('change_protection', { delete: false });
  expect((await act('disable_public_interface')).status).toBe(201);
  rig.settle();
  expect((await act('change_algorithm', { type: 'least_connections' })).status).toBe(201);
  rig.settle();
  expect((await act('enable_public_interface')).status).toBe(201);
  rig.settle();
  expect((await act('detach_from_network', { network })).status).toBe(201);
  rig.settle();
  expect(await rig.refusal('POST', `/load_balancers/${id}/actions/disable_public_interface`)).toBe(
    '422 load_balancer_not_attached_to_network',
  );
  expect((await rig.delete(`/load_balancers/${id}`)).status).toBe(201);
  rig.settle();
  expect(await rig.refusal('GET', `/load_balancers/${id}`)).toBe('404 not_found');
});
