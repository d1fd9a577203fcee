import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openApiAbsence, operationsOf } from '../../../support/openapi.js';
import { publicKey, Rig } from './rig.js';

const absence = openApiAbsence();
if (absence) console.log(`skipped: ${absence}`);

/** What the sandbox does not have: nothing a cluster is made of. Answered with 404, as an unknown path is. */
const absent = [
  /^(POST|PUT|DELETE) \/zones/,
  /^GET \/zones\/(actions|.*\/)/,
  /^(POST|PUT|DELETE) \/certificates/,
  /^GET \/certificates\/.*actions/,
  /\/metrics$/,
  /\/actions\/(change_dns_ptr|attach_iso|detach_iso|request_console|reset_password)$/,
  /^\w+ \/floating_ips/,
  /^POST \/servers\/.*\/actions\/(enable|disable)_(backup|rescue)$/,
  /^POST \/servers\/.*\/actions\/(rebuild|add_to_placement_group|remove_from_placement_group)$/,
];
/** Kinds of which there is never one, and what is no more. */
const neverFound = [
  'GET /zones/{id_or_name}',
  'GET /isos/{id}',
  'GET /certificates/{id}',
  'GET /datacenters',
  'GET /datacenters/{id}',
];

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
});
afterEach(async () => {
  await rig.close();
});

interface Made {
  readonly [kind: string]: { readonly id: number };
}

/** A request that must succeed, and then time for what it began. */
async function done(method: string, path: string, body?: unknown): Promise<Made> {
  const answer = await rig.send<Made>(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  rig.settle();
  return answer.body;
}

const make = async (kind: string, body: object): Promise<number> => {
  const made = (await done('POST', `/${kind}s`, body))[kind];
  if (!made) throw new Error(`no ${kind} in the answer`);
  return made.id;
};
const act = (kind: string, id: number, verb: string, body?: object): Promise<Made> =>
  done('POST', `/${kind}s/${id}/actions/${verb}`, body);

/** Each thing by itself, in its list, renamed, and its actions in all the places where they are found. */
async function lookAt(kind: string, id: number, more: object = {}): Promise<void> {
  await done('GET', `/${kind}s?sort=id:desc&label_selector=${encodeURIComponent('a=b')}`);
  await done('GET', `/${kind}s/${id}`);
  await done('PUT', `/${kind}s/${id}`, { labels: { a: 'b' }, ...more });
  if (['ssh_key', 'placement_group'].includes(kind)) return;
  const { body } = await rig.get<{ actions: { id: number }[] }>(`/${kind}s/${id}/actions?sort=id&status=success`);
  await done('GET', `/${kind}s/actions?page=1`);
  const action = body.actions[0]?.id;
  if (action === undefined) throw new Error(`${kind} has no action`);
  await done('GET', `/${kind}s/actions/${action}`);
  await done('GET', `/${kind}s/${id}/actions/${action}`);
  await done('GET', `/actions/${action}`);
  await done('GET', `/actions?id=${action}`);
}

async function catalogue(): Promise<void> {
  for (const [kind, id] of [
    ['location', 1],
    ['server_type', 114],
    ['load_balancer_type', 1],
  ] as const) {
    await done('GET', `/${kind}s?per_page=50`);
    await done('GET', `/${kind}s/${id}`);
  }
  for (const path of ['/pricing', '/isos', '/zones', '/certificates?sort=name']) await done('GET', path);
}

async function networks(): Promise<number> {
  const id = await make('network', { name: 'net', ip_range: '10.0.0.0/16', labels: { a: 'b' } });
  const zone = { type: 'cloud', network_zone: 'eu-central' };
  await act('network', id, 'add_subnet', { ...zone, ip_range: '10.0.1.0/24' });
  await act('network', id, 'add_subnet', zone);
  await act('network', id, 'delete_subnet', { ip_range: '10.0.0.0/24' });
  const route = { destination: '192.168.0.0/24', gateway: '10.0.1.9' };
  await act('network', id, 'add_route', route);
  await act('network', id, 'delete_route', route);
  await act('network', id, 'change_ip_range', { ip_range: '10.0.0.0/15' });
  await act('network', id, 'change_protection', { delete: false });
  await lookAt('network', id, { expose_routes_to_vswitch: true });
  return id;
}

async function servers(network: number, group: number): Promise<number> {
  const id = await make('server', {
    name: 's',
    server_type: 'cx33',
    image: 'debian-13',
    location: 'fsn1',
    placement_group: group,
  });
  await act('server', id, 'attach_to_network', { network, ip: '10.0.1.50', alias_ips: [] });
  await act('server', id, 'change_alias_ips', { network, alias_ips: ['10.0.1.51'] });
  for (const verb of ['reboot', 'reset', 'shutdown', 'poweron', 'poweroff']) await act('server', id, verb);
  await act('server', id, 'change_type', { server_type: 'cx43', upgrade_disk: true });
  await act('server', id, 'change_protection', { delete: false, rebuild: false });
  await lookAt('server', id, { name: 'renamed' });
  return id;
}

async function images(server: number): Promise<void> {
  const made = await act('server', server, 'create_image', { description: 'x', type: 'snapshot', labels: { a: 'b' } });
  const id = made.image?.id ?? 0;
  await act('image', id, 'change_protection', { delete: false });
  await lookAt('image', id, { description: 'y' });
  await done('GET', '/images?type=system&architecture=arm&status=available&include_deprecated=true');
  await done('DELETE', `/images/${id}`);
}

async function firewalls(server: number): Promise<void> {
  const one = { type: 'server', server: { id: server } };
  const some = { type: 'label_selector', label_selector: { selector: 'a=b' } };
  const rule = { direction: 'in', protocol: 'tcp', port: '22', source_ips: ['0.0.0.0/0', '::/0'] };
  const id = await make('firewall', { name: 'f', rules: [rule], apply_to: [one] });
  await act('firewall', id, 'set_rules', { rules: [rule, { ...rule, protocol: 'icmp', port: undefined }] });
  await act('firewall', id, 'apply_to_resources', { apply_to: [some] });
  await lookAt('firewall', id, { name: 'g' });
  await done('GET', `/servers/${server}`);
  await act('firewall', id, 'remove_from_resources', { remove_from: [one, some] });
  await done('DELETE', `/firewalls/${id}`);
}

async function balancers(network: number, server: number): Promise<void> {
  const health_check = { protocol: 'http', port: 80, interval: 3, timeout: 3, retries: 1 };
  const service = { protocol: 'http', listen_port: 80, destination_port: 80, proxyprotocol: false, health_check };
  const target = { type: 'server', server: { id: server } };
  const order = { name: 'lb', load_balancer_type: 'lb11', network_zone: 'eu-central', labels: { a: 'b' } };
  const id = await make('load_balancer', { ...order, algorithm: { type: 'round_robin' } });
  const change = (verb: string, body?: object): Promise<Made> => act('load_balancer', id, verb, body);
  await change('attach_to_network', { network });
  await change('add_service', service);
  await change('add_service', { ...service, protocol: 'https', listen_port: 443, http: { certificates: [] } });
  await change('update_service', { listen_port: 443, health_check: { ...health_check, port: 8080 } });
  await change('add_target', { ...target, use_private_ip: true });
  await change('add_target', { type: 'label_selector', label_selector: { selector: 'a=b' } });
  const { body } = await rig.get<{ server: { public_net: { ipv4: { ip: string } } } }>(`/servers/${server}`);
  await change('add_target', { type: 'ip', ip: { ip: body.server.public_net.ipv4.ip } });
  await lookAt('load_balancer', id, { name: 'balancer' });
  await change('remove_target', { type: 'ip', ip: { ip: body.server.public_net.ipv4.ip } });
  await change('remove_target', { type: 'label_selector', label_selector: { selector: 'a=b' } });
  await change('change_algorithm', { type: 'least_connections' });
  await change('change_type', { load_balancer_type: 'lb21' });
  await change('disable_public_interface');
  await change('enable_public_interface');
  await change('delete_service', { listen_port: 443 });
  await change('remove_target', target);
  await change('detach_from_network', { network });
  await change('change_protection', { delete: false });
  await done('DELETE', `/load_balancers/${id}`);
}

async function volumes(server: number): Promise<void> {
  const id = await make('volume', { name: 'v', size: 10, location: 'fsn1', format: 'ext4', labels: { a: 'b' } });
  await act('volume', id, 'attach', { server, automount: false });
  await lookAt('volume', id, { name: 'w' });
  await act('volume', id, 'resize', { size: 20 });
  await act('volume', id, 'detach');
  await act('volume', id, 'change_protection', { delete: false });
  await done('DELETE', `/volumes/${id}`);
}

async function addresses(server: number): Promise<void> {
  const primary = await make('primary_ip', { name: 'p', type: 'ipv4', location: 'fsn1', assignee_type: 'server' });
  await act('server', server, 'poweroff');
  const { body } = await rig.get<{ server: { public_net: { ipv4: { id: number } } } }>(`/servers/${server}`);
  await act('primary_ip', body.server.public_net.ipv4.id, 'unassign');
  await act('primary_ip', primary, 'assign', { assignee_type: 'server', assignee_id: server });
  await act('primary_ip', primary, 'unassign');
  await act('primary_ip', primary, 'change_protection', { delete: false });
  await lookAt('primary_ip', primary, { auto_delete: true });
  await done('DELETE', `/primary_ips/${primary}`);
}

describe.skipIf(absence !== undefined)('every operation of Hetzner’s document', () => {
  const operations = operationsOf().filter((operation) => !absent.some((pattern) => pattern.test(operation)));

  it('answers, once at least and each time as the document has it', async () => {
    await catalogue();
    const key = await make('ssh_key', { name: 'k', public_key: publicKey, labels: { a: 'b' } });
    await lookAt('ssh_key', key);
    const group = await make('placement_group', { name: 'g', type: 'spread', labels: { a: 'b' } });
    const network = await networks();
    const server = await servers(network, group);
    await lookAt('placement_group', group);
    await images(server);
    await firewalls(server);
    await balancers(network, server);
    await volumes(server);
    await addresses(server);
    await act('server', server, 'detach_from_network', { network });
    await done('DELETE', `/servers/${server}`);
    for (const path of [`/networks/${network}`, `/placement_groups/${group}`, `/ssh_keys/${key}`]) {
      await done('DELETE', path);
    }
    expect(rig.checked?.problems).toEqual([]);
    const used = rig.checked?.used ?? new Set();
    expect(operations.filter((one) => !used.has(one) && !neverFound.includes(one))).toEqual([]);
  });

  it('that the sandbox does not have is answered like an unknown path', async () => {
    const left = operationsOf().filter((operation) => absent.some((pattern) => pattern.test(operation)));
    expect(left.length).toBeGreaterThan(0);
    for (const operation of left) {
      const [method = '', path = ''] = operation.split(' ');
      const { status } = await rig.send(method, path.replaceAll('{id}', '1').replace(/\{\w+\}/g, 'x'));
      expect([404, 405]).toContain(status);
    }
  });
});
