import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { client } from '../../../support/clients.js';
import { FastCloud } from './fast-cloud.js';
import { publicKey } from './rig.js';

const program = client('hcloud');
const folder = mkdtempSync(join(tmpdir(), 'slipway-hcloud-'));
let cloud: FastCloud;

const hcloudAs = async (token: string, args: readonly string[]): Promise<string> => {
  const env = { HOME: folder, HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: cloud.endpoint, HETZNER_ENDPOINT: cloud.endpoint };
  return (await promisify(execFile)(program!, [...args, '--poll-interval=20ms'], { timeout: 30_000, env })).stdout;
};
/** What hcloud prints; rejects with what it says on stderr where it does not end well. */
const hcloud = (...args: string[]): Promise<string> => hcloudAs(cloud.writer, args);
/** One line for each item, its columns apart by one space. */
const list = async (kind: string, columns: string, ...more: string[]): Promise<string[]> =>
  (await hcloud(kind, 'list', '--output=noheader', `--output=columns=${columns}`, ...more))
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/\s{2,}/g, ' '))
    .filter((line) => line !== '');
const shown = async (kind: string, name: string): Promise<unknown> =>
  JSON.parse(await hcloud(kind, 'describe', name, '--output=json'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(async () => {
  cloud = await FastCloud.open();
});
afterAll(() => {
  cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

// One project through its life: each test goes on where the one before it stopped. All versions since 1.30 print this.
describe.skipIf(program === undefined)('the official hcloud', () => {
  it('lists what Hetzner offers', async () => {
    expect(await list('location', 'name,network_zone,country')).toContain('fsn1 eu-central DE');
    expect(await list('server-type', 'name,cores,memory')).toContain('cx23 2 4.0 GB');
    expect(await list('load-balancer-type', 'name,max_services')).toEqual(['lb11 5', 'lb21 15', 'lb31 30']);
    expect(await list('image', 'type,name', '--type=system')).toContain('system ubuntu-24.04');
    await expect(hcloud('datacenter', 'list')).rejects.toThrow(
      /API functionality was removed \(deprecated_api_endpoint/,
    );
  });

  it('keeps SSH keys, networks, firewalls, placement groups and volumes', async () => {
    const key = file('key.pub', publicKey);
    expect(await hcloud('ssh-key', 'create', '--name=mine', `--public-key-from-file=${key}`)).toMatch(
      /SSH key \d+ created/i,
    );
    await expect(hcloud('ssh-key', 'create', '--name=twin', `--public-key-from-file=${key}`)).rejects.toThrow(
      /SSH key with the same fingerprint already exists \(uniqueness_error/,
    );
    await hcloud('network', 'create', '--name=net', '--ip-range=10.0.0.0/16');
    await hcloud('network', 'add-subnet', 'net', '--type=cloud', '--network-zone=eu-central', '--ip-range=10.0.1.0/24');
    await hcloud('network', 'add-route', 'net', '--destination=10.9.0.0/24', '--gateway=10.0.1.7');
    await hcloud('network', 'change-ip-range', 'net', '--ip-range=10.0.0.0/12');
    expect(await shown('network', 'net')).toMatchObject({
      ip_range: '10.0.0.0/12',
      subnets: [{ type: 'cloud', ip_range: '10.0.1.0/24', gateway: '10.0.0.1' }],
      routes: [{ destination: '10.9.0.0/24', gateway: '10.0.1.7' }],
    });
    await expect(
      hcloud(
        'network',
        'add-subnet',
        'net',
        '--type=vswitch',
        '--vswitch-id=42',
        '--network-zone=eu-central',
        '--ip-range=10.0.17.0/24',
      ),
    ).rejects.toThrow(/vswitch not found \(service_error/);
    const rules = [{ direction: 'in', protocol: 'tcp', port: '22', source_ips: ['203.0.113.0/24'] }];
    await hcloud('firewall', 'create', '--name=wall', `--rules-file=${file('rules.json', JSON.stringify(rules))}`);
    await hcloud('firewall', 'add-rule', 'wall', '--direction=in', '--protocol=icmp', '--source-ips=0.0.0.0/0');
    expect(await shown('firewall', 'wall')).toMatchObject({ rules: [{ port: '22' }, { protocol: 'icmp' }] });
    expect(await hcloud('placement-group', 'create', '--name=spread', '--type=spread')).toMatch(
      /placement group \d+ created/i,
    );
    expect(await hcloud('volume', 'create', '--name=data', '--size=10', '--location=fsn1')).toMatch(
      /Volume \d+ created/,
    );
    expect(await list('volume', 'name,size,location')).toEqual(['data 10 GB fsn1']);
  });

  it('creates servers with all of these, and waits until they are there', async () => {
    const common = [
      '--type=cx23',
      '--image=ubuntu-24.04',
      '--location=fsn1',
      '--ssh-key=mine',
      '--network=net',
      '--label=role=cp',
    ];
    const more = ['--firewall=wall', '--placement-group=spread', '--volume=data'];
    expect(await hcloud('server', 'create', '--name=a', ...common, ...more)).toMatch(/Server \d+ created\nIPv4: \d/);
    await hcloud('server', 'create', '--name=b', ...common, '--without-ipv4');
    expect(await list('server', 'name,status,ipv4,private_net,placement_group', '--selector=role=cp')).toEqual([
      expect.stringMatching(/^a running \d+\.\d+\.\d+\.\d+ 10\.0\.1\.1 \(net\) spread$/),
      'b running - 10.0.1.2 (net) -',
    ]);
    expect(await list('volume', 'name,server')).toEqual(['data a']);
    await expect(hcloud('server', 'create', '--name=a', ...common)).rejects.toThrow(
      /server name is already used \(uniqueness_error/,
    );
  });

  it('stops, changes, protects and renames them', async () => {
    await expect(hcloud('server', 'change-type', 'b', 'cx33')).rejects.toThrow(
      /server needs to be powered off \(server_not_stopped/,
    );
    await hcloud('server', 'poweroff', 'b');
    await hcloud('server', 'change-type', 'b', 'cx33');
    await hcloud('server', 'poweron', 'b');
    await hcloud('server', 'reboot', 'b');
    expect(await list('server', 'name,status,type')).toEqual(['a running cx23', 'b running cx33']);
    await hcloud('server', 'detach-from-network', 'b', '--network=net');
    await hcloud('server', 'attach-to-network', 'b', '--network=net', '--ip=10.0.1.77');
    await hcloud('server', 'change-alias-ips', 'b', '--network=net', '--alias-ips=10.0.1.78');
    expect(await shown('server', 'b')).toMatchObject({ private_net: [{ ip: '10.0.1.77', alias_ips: ['10.0.1.78'] }] });
    await hcloud('server', 'add-label', 'a', 'tier=web');
    await hcloud('server', 'enable-protection', 'a', 'delete', 'rebuild');
    await expect(hcloud('server', 'delete', 'a')).rejects.toThrow(/server deletion is protected \(protected/);
    await hcloud('server', 'disable-protection', 'a', 'delete', 'rebuild');
    await hcloud('server', 'create-image', 'a', '--type=snapshot', '--description=prepared');
    expect(await list('image', 'description', '--type=snapshot')).toEqual(['prepared']);
    await hcloud('server', 'update', 'a', '--name=first');
    expect(await list('server', 'name', '--selector=tier=web')).toEqual(['first']);
  });

  it('puts a firewall on servers by name and by label, and a volume on another one', async () => {
    await hcloud('firewall', 'apply-to-resource', 'wall', '--type=server', '--server=b');
    await hcloud('firewall', 'apply-to-resource', 'wall', '--type=label_selector', '--label-selector=role=cp');
    expect(await list('firewall', 'name,applied_to_count')).toEqual(['wall 2 Servers | 1 Label Selector']);
    await expect(hcloud('firewall', 'delete', 'wall')).rejects.toThrow(
      /firewall with ID \d+ is still in use \(resource_in_use/,
    );
    await hcloud('volume', 'detach', 'data');
    await hcloud('volume', 'attach', 'data', '--server=b');
    await hcloud('volume', 'resize', 'data', '--size=20');
    expect(await list('volume', 'name,size,server')).toEqual(['data 20 GB b']);
  });

  it('makes a load balancer, with services and targets, and deletes it by an action', async () => {
    expect(await hcloud('load-balancer', 'create', '--name=web', '--type=lb11', '--location=fsn1')).toMatch(
      /Load ?Balancer \d+ created\nIPv4: \d/,
    );
    await hcloud('load-balancer', 'attach-to-network', 'web', '--network=net');
    await hcloud(
      'load-balancer',
      'add-service',
      'web',
      '--protocol=http',
      '--listen-port=80',
      '--destination-port=8080',
    );
    await hcloud('load-balancer', 'add-target', 'web', '--server=b', '--use-private-ip');
    await hcloud('load-balancer', 'add-target', 'web', '--label-selector=role=cp');
    await hcloud('load-balancer', 'change-algorithm', 'web', '--algorithm-type=least_connections');
    await hcloud('load-balancer', 'change-type', 'web', 'lb21');
    expect(await shown('load-balancer', 'web')).toMatchObject({
      load_balancer_type: { name: 'lb21' },
      algorithm: { type: 'least_connections' },
      private_net: [{ ip: '10.0.1.2' }],
      services: [{ protocol: 'http', listen_port: 80, http: { certificates: [] } }],
      targets: [{ type: 'server', use_private_ip: true }, { type: 'label_selector' }],
    });
    await expect(hcloud('load-balancer', 'disable-public-interface', 'web')).rejects.toThrow(
      /targets_without_use_private_ip/,
    );
    await hcloud('load-balancer', 'delete-service', 'web', '--listen-port=80');
    expect(await hcloud('load-balancer', 'delete', 'web')).toMatch(/web deleted/);
    await expect.poll(() => list('load-balancer', 'name')).toEqual([]);
  });

  it('is told what a token that may only read, or is none, may do', async () => {
    await expect(hcloudAs(cloud.reader, ['server', 'delete', 'b'])).rejects.toThrow(
      /insufficient permissions for this request \(forbidden/,
    );
    await expect(hcloudAs('x'.repeat(64), ['server', 'list'])).rejects.toThrow(/unable to authenticate \(unauthorized/);
  });

  it('leaves nothing behind', async () => {
    await hcloud('server', 'delete', 'first');
    await hcloud('server', 'delete', 'b');
    // Not all versions wait until it is done, and what a server holds is free only when the server is gone.
    await expect.poll(() => list('server', 'id')).toEqual([]);
    await Promise.all([
      hcloud('network', 'delete', 'net'),
      hcloud('firewall', 'remove-from-resource', 'wall', '--type=label_selector', '--label-selector=role=cp'),
      hcloud('volume', 'delete', 'data'),
      hcloud('placement-group', 'delete', 'spread'),
      hcloud('ssh-key', 'delete', 'mine'),
    ]);
    await hcloud('firewall', 'delete', 'wall');
    for (const kind of ['server', 'network', 'firewall', 'volume', 'placement-group', 'ssh-key', 'primary-ip']) {
      await expect.poll(() => list(kind, 'id'), { message: kind }).toEqual([]);
    }
  });
});
