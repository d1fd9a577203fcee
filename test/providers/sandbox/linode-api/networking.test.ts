import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Listed, LinodeRig } from './rig.js';

let rig: LinodeRig;
beforeEach(async () => {
  rig = await new LinodeRig().open();
});
afterEach(async () => {
  await rig.close();
  expect(rig.checked?.problems ?? []).toEqual([]);
});

const onlyFrom = (range: string, ports: string) => ({
  inbound: [{ action: 'ACCEPT', protocol: 'TCP', ports, addresses: { ipv4: [range] }, label: 'ssh' }],
  inbound_policy: 'DROP',
  outbound: [],
  outbound_policy: 'ACCEPT',
});

describe('a firewall of the sandbox’s Linode', () => {
  it('lets in what its first fitting rule says, and guards one thing at most with another', async () => {
    const { body: wall } = await rig.post<{ id: number }>('/networking/firewalls', {
      label: 'demo-firewall',
      rules: onlyFrom('203.0.113.0/24', '22, 6443-6444'),
      tags: ['slipway:cluster=demo'],
    });
    const { id } = await rig.instance('web-1', { firewall_id: wall.id });
    expect(rig.cloud.allowed(id, 22, '203.0.113.9')).toBe(true);
    expect(rig.cloud.allowed(id, 6444, '203.0.113.9')).toBe(true);
    expect(rig.cloud.allowed(id, 80, '203.0.113.9')).toBe(false);
    expect(rig.cloud.allowed(id, 22, '198.51.100.1')).toBe(false);
    await rig.put(`/networking/firewalls/${wall.id}/rules`, onlyFrom('198.51.100.0/24', '22'));
    expect(rig.cloud.allowed(id, 22, '198.51.100.1')).toBe(true);
    const other = await rig.post<{ id: number }>('/networking/firewalls', {
      label: 'other',
      rules: onlyFrom('0.0.0.0/0', '22'),
    });
    expect(await rig.refusal('POST', `/networking/firewalls/${other.body.id}/devices`, { id, type: 'linode' })).toBe(
      '400 id: This linode already has an active Firewall assigned.',
    );
    await rig.delete(`/linode/instances/${id}`);
    rig.settle();
    expect((await rig.get<Listed<object>>(`/networking/firewalls/${wall.id}/devices`)).body.data).toEqual([]);
    await rig.delete(`/networking/firewalls/${wall.id}`);
  });

  it('is refused with a label that is taken or too long, and with a range that is none', async () => {
    await rig.post('/networking/firewalls', { label: 'demo-firewall', rules: onlyFrom('0.0.0.0/0', '22') });
    const refusal = (label: string, range: string): Promise<string> =>
      rig.refusal('POST', '/networking/firewalls', { label, rules: onlyFrom(range, '22') });
    expect(await refusal('demo-firewall', '0.0.0.0/0')).toContain('Label must be unique');
    expect(await refusal('x'.repeat(33), '0.0.0.0/0')).toBe('400 label: Length must be 3-32 characters');
    expect(await refusal('other', '10.0.0.1')).toContain('Must be a valid IPv4 or IPv6 range');
  });
});

describe('a VPC of the sandbox’s Linode', () => {
  it('is deleted only when nothing is in its subnets', async () => {
    const { id, subnet } = await rig.vpc();
    const made = await rig.instance('web-1', {
      interfaces: [{ purpose: 'public' }, { purpose: 'vpc', subnet_id: subnet }],
    });
    expect(await rig.refusal('DELETE', `/vpcs/${id}`)).toContain('resources assigned');
    expect(await rig.refusal('DELETE', `/vpcs/${id}/subnets/${subnet}`)).toContain('resources assigned');
    await rig.get(`/vpcs/${id}`);
    await rig.delete(`/linode/instances/${made.id}`);
    rig.settle();
    await rig.delete(`/vpcs/${id}`);
    expect((await rig.get<Listed<object>>('/vpcs')).body.data).toEqual([]);
  });
});

describe('a placement group of the sandbox’s Linode', () => {
  it('takes ten, of its own region, and is deleted only when it is empty', async () => {
    const body = { label: 'demo-web', placement_group_type: 'anti_affinity:local', placement_group_policy: 'strict' };
    const { body: group } = await rig.post<{ id: number }>('/placement/groups', { ...body, region: 'eu-central' });
    for (let i = 0; i < 10; i += 1) await rig.instance(`web-${i}`, { placement_group: { id: group.id } });
    await expect(rig.instance('web-10', { placement_group: { id: group.id } })).rejects.toThrow('maximum number');
    await expect(rig.instance('web-10', { region: 'eu-west', placement_group: { id: group.id } })).rejects.toThrow(
      'same region',
    );
    expect(await rig.refusal('DELETE', `/placement/groups/${group.id}`)).toContain('has Linodes assigned');
    const { body: shown } = await rig.get<{ members: object[] }>(`/placement/groups/${group.id}`);
    expect(shown.members).toHaveLength(10);
  });
});

describe('a NodeBalancer of the sandbox’s Linode', () => {
  it('sends to the nodes that answer in its VPC, and lets in whom its firewall lets in', async () => {
    const { subnet } = await rig.vpc();
    const nets = { interfaces: [{ purpose: 'public' }, { purpose: 'vpc', subnet_id: subnet }] };
    const [server, worker] = [await rig.instance('cp-1', nets), await rig.instance('web-1', nets)];
    rig.host.listen(server.id, 6443);
    const { body: wall } = await rig.post<{ id: number }>('/networking/firewalls', {
      label: 'demo-api',
      rules: onlyFrom(`${worker.ipv4[0]}/32`, '6443'),
    });
    const { body } = await rig.post<{ id: number; ipv4: string }>('/nodebalancers', {
      label: 'demo-api',
      region: 'eu-central',
      firewall_id: wall.id,
      vpcs: [{ subnet_id: subnet }],
      configs: [
        {
          port: 6443,
          protocol: 'tcp',
          check: 'connection',
          nodes: [
            { label: 'cp-1', address: '10.0.0.2:6443', subnet_id: subnet },
            { label: 'cp-2', address: '10.0.0.9:6443', subnet_id: subnet },
          ],
        },
      ],
    });
    expect(rig.cloud.resolve(worker.id, body.ipv4, 6443)).toEqual([server.id]);
    expect(rig.cloud.resolve(server.id, body.ipv4, 6443)).toEqual([]);
    expect(rig.cloud.resolve(worker.id, '10.0.0.2', 6443)).toEqual([server.id]);
    const { body: configs } = await rig.get<Listed<{ id: number }>>(`/nodebalancers/${body.id}/configs`);
    expect(configs.data).toMatchObject([{ port: 6443, nodes_status: { up: 1, down: 1 } }]);
    const nodes = `/nodebalancers/${body.id}/configs/${configs.data[0]!.id}/nodes`;
    const { body: listed } = await rig.get<Listed<{ id: number; status: string }>>(nodes);
    expect(listed.data.map(({ status }) => status)).toEqual(['UP', 'DOWN']);
    await rig.delete(`${nodes}/${listed.data[1]!.id}`);
    expect(await rig.refusal('POST', nodes, { label: 'bad', address: '10.0.0.3:6443' })).toBe(
      '400 address: Must be a private IPv4 address',
    );
    await rig.get(`/nodebalancers/${body.id}/vpcs`);
    await rig.delete(`/nodebalancers/${body.id}`);
    expect((await rig.get<Listed<object>>('/nodebalancers')).body.data).toEqual([]);
  });
});

describe('a volume of the sandbox’s Linode', () => {
  it('is attached where it is, detached before it goes, and left by an instance that is deleted', async () => {
    const { id: linode } = await rig.instance('web-1');
    const { body } = await rig.post<{ id: number; status: string }>('/volumes', {
      label: 'data',
      region: 'eu-central',
      size: 10,
    });
    expect(body.status).toBe('creating');
    rig.settle();
    await rig.post(`/volumes/${body.id}/attach`, { linode_id: linode });
    rig.settle();
    expect((await rig.get<object>(`/volumes/${body.id}`)).body).toMatchObject({ linode_id: linode, status: 'active' });
    expect(await rig.refusal('DELETE', `/volumes/${body.id}`)).toBe(
      '400 Volume must be detached before it can be deleted.',
    );
    await rig.delete(`/linode/instances/${linode}`);
    rig.settle();
    expect((await rig.get<object>(`/volumes/${body.id}`)).body).toMatchObject({ linode_id: null });
    await rig.delete(`/volumes/${body.id}`);
  });
});

describe('the person behind a token of the sandbox’s Linode', () => {
  it('has keys with a label and a text, each label once', async () => {
    const key = { label: 'demo-ssh', ssh_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== demo' };
    const { body } = await rig.post<{ id: number }>('/profile/sshkeys', key);
    expect(await rig.refusal('POST', '/profile/sshkeys', key)).toContain('Label must be unique');
    await rig.get('/profile/sshkeys');
    await rig.get('/profile');
    await rig.delete(`/profile/sshkeys/${body.id}`);
  });
});
