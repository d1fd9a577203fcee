import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Rig, type Answer, type WireAction, type WireError } from './rig.js';

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

interface PublicAddress {
  readonly id: number;
  readonly ip: string;
}
interface Balancer {
  readonly id: number;
  readonly public_net: { readonly ipv4: PublicAddress; readonly ipv6: PublicAddress };
  readonly services: readonly { readonly http?: object }[];
  readonly targets: readonly { readonly health_status: readonly object[] }[];
}
interface PrimaryIp {
  readonly id: number;
  readonly ip: string;
  readonly assignee_type: string;
  readonly assignee_id: number | null;
}

const health_check = { protocol: 'tcp', port: 80, interval: 3, timeout: 3, retries: 1 };
const service = { listen_port: 80, destination_port: 80, proxyprotocol: false, health_check };
const http = { cookie_name: 'C', cookie_lifetime: 300, timeout_idle: 50, sticky_sessions: false };
const order = { name: 'web', load_balancer_type: 'lb11', location: 'fsn1' };
const create = async (more: object = {}): Promise<Balancer> => {
  const { status, body } = await rig.post<{ load_balancer: Balancer }>('/load_balancers', { ...order, ...more });
  expect(status).toBe(201);
  rig.settle();
  return (await rig.get<{ load_balancer: Balancer }>(`/load_balancers/${body.load_balancer.id}`)).body.load_balancer;
};
const addresses = async (): Promise<readonly PrimaryIp[]> =>
  (await rig.get<{ primary_ips: PrimaryIp[] }>('/primary_ips')).body.primary_ips;
const said = ({ body }: Answer<WireError>): string => `${body.error.message} (${body.error.code})`;

describe('deleting a load balancer', () => {
  it('answers with an action, and holds the network until that is done', async () => {
    const { id } = await create({ network });
    const { status, body } = await rig.delete<{ action: WireAction }>(`/load_balancers/${id}`);
    expect(status).toBe(201);
    expect(body.action).toMatchObject({ command: 'delete_load_balancer', status: 'running' });
    expect(await rig.refusal('DELETE', `/load_balancers/${id}`)).toBe('423 locked');
    expect(await rig.refusal('DELETE', `/networks/${network}`)).toBe('409 conflict');
    rig.settle();
    expect((await rig.get<{ action: WireAction }>(`/actions/${body.action.id}`)).body.action.status).toBe('success');
    expect(await rig.refusal('GET', `/load_balancers/${id}`)).toBe('404 not_found');
    expect((await rig.delete(`/networks/${network}`)).status).toBe(204);
  });

  it('that was under way when the sandbox stopped is finished by the next one', async () => {
    const { id } = await create();
    await rig.delete(`/load_balancers/${id}`);
    rig = await rig.reborn();
    rig.settle();
    expect(await rig.refusal('GET', `/load_balancers/${id}`)).toBe('404 not_found');
  });
});

describe('a load balancer’s Primary IPs', () => {
  it('are made with it, name it, and go with it', async () => {
    const { id, public_net } = await create();
    expect(await addresses()).toMatchObject([
      { id: public_net.ipv4.id, ip: public_net.ipv4.ip, assignee_type: 'load_balancer', assignee_id: id },
      { id: public_net.ipv6.id, assignee_type: 'load_balancer', assignee_id: id },
    ]);
    expect(await rig.refusal('DELETE', `/primary_ips/${public_net.ipv4.id}`)).toBe('422 must_be_unassigned');
    await rig.delete(`/load_balancers/${id}`);
    rig.settle();
    expect(await addresses()).toEqual([]);
  });

  it('that existed before are taken, serve nothing else, and outlive it', async () => {
    const made = await rig.post<{ primary_ip: PrimaryIp }>('/primary_ips', {
      name: 'front',
      type: 'ipv4',
      location: 'fsn1',
      auto_delete: false,
    });
    const { id: own, ip } = made.body.primary_ip;
    const { id, public_net } = await create({ public_net: { ipv4: own } });
    expect(public_net.ipv4).toMatchObject({ id: own, ip });
    const again = { ...order, name: 'second' };
    expect(await rig.refusal('POST', '/load_balancers', { ...again, public_net: { ipv4: own } })).toBe(
      '422 primary_ip_assigned',
    );
    expect(await rig.refusal('POST', '/load_balancers', { ...again, public_net: { ipv6: own } })).toBe(
      '412 primary_ip_version_mismatch',
    );
    await rig.delete(`/load_balancers/${id}`);
    rig.settle();
    expect(await addresses()).toMatchObject([{ id: own, assignee_type: 'unassigned', assignee_id: null }]);
  });
});

it('a target that fails its check says why', async () => {
  const server = await rig.server('a');
  const targets = [{ type: 'server', server: { id: server.id } }];
  const services = [{ ...service, protocol: 'tcp' }];
  const { id } = await create({ targets, services });
  const health = async (): Promise<object | undefined> =>
    (await rig.get<{ load_balancer: Balancer }>(`/load_balancers/${id}`)).body.load_balancer.targets[0]
      ?.health_status[0];
  expect(await health()).toEqual({ listen_port: 80, status: 'unhealthy', detail: 'layer4_no_connection' });
  rig.host.listen(server.id, 80);
  expect(await health()).toEqual({ listen_port: 80, status: 'healthy' });
  await rig.post(`/servers/${server.id}/actions/poweroff`);
  rig.settle();
  expect(await health()).toEqual({ listen_port: 80, status: 'unhealthy', detail: 'layer4_timeout' });
});

it('an http service shows its certificates, although it has none', async () => {
  const services = [{ ...service, protocol: 'http', http }];
  const { services: shown } = await create({ services });
  expect(shown[0]?.http).toMatchObject({ certificates: [], redirect_http: false });
});

it('a network lists its members, by type and by subnet', async () => {
  const server = await rig.server('a', { networks: [network] });
  const balancer = await create({ network });
  const members = async (query = ''): Promise<readonly { readonly id: number }[]> =>
    (await rig.get<{ members: { id: number }[] }>(`/networks/${network}/members${query}`)).body.members;
  expect(await members()).toEqual([
    { type: 'server', id: server.id, ip: '10.0.0.2', status: 'ok', alias_ips: [], subnet: '10.0.0.0/24' },
    { type: 'load_balancer', id: balancer.id, ip: '10.0.0.3', status: 'ok', alias_ips: [], subnet: '10.0.0.0/24' },
  ]);
  expect((await members('?type=load_balancer')).map(({ id }) => id)).toEqual([balancer.id]);
  expect(await members('?subnet=10.0.9.0%2F24')).toEqual([]);
  expect(await members('?page=2&per_page=1')).toMatchObject([{ id: balancer.id }]);
});

describe('what is refused says so in the words of Hetzner', () => {
  it('a change with a token that may only read', async () => {
    expect(said(await rig.send('POST', '/networks', {}, 'reader'))).toBe(
      'insufficient permissions for this request (forbidden)',
    );
  });

  it('a vSwitch that nobody has', async () => {
    const subnet = { type: 'vswitch', vswitch_id: 42, network_zone: 'eu-central', ip_range: '10.0.17.0/24' };
    expect(said(await rig.post(`/networks/${network}/actions/add_subnet`, subnet))).toBe(
      'vswitch not found (service_error)',
    );
  });

  it('a network’s name that is taken, and a network that is protected', async () => {
    const twin = { name: 'net', ip_range: '10.1.0.0/16' };
    expect(said(await rig.post('/networks', twin))).toBe('name is already used (uniqueness_error)');
    await rig.post(`/networks/${network}/actions/change_protection`, { delete: true });
    expect(said(await rig.delete(`/networks/${network}`))).toBe('network is delete protected (protected)');
  });

  it('a balancer’s public target without a public interface, and an algorithm that does not exist', async () => {
    const { id } = await create({ network, public_interface: false });
    const target = { type: 'label_selector', label_selector: { selector: 'a=b' } };
    expect(said(await rig.post(`/load_balancers/${id}/actions/add_target`, target))).toBe(
      'load balancer public interface is disabled, cannot add target using public IP (load_balancer_public_interface_disabled)',
    );
    expect(said(await rig.post(`/load_balancers/${id}/actions/change_algorithm`, { type: 'dice' }))).toBe(
      "invalid input in field 'type' (invalid_input)",
    );
  });
});
