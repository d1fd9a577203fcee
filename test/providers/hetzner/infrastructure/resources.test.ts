import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { balancerLacks } from '../../../../providers/hetzner/infrastructure/api-balancer.js';
import { normalRange, sameRules, desiredRules } from '../../../../providers/hetzner/infrastructure/firewall.js';
import { planResources } from '../../../../providers/hetzner/infrastructure/index.js';
import { contains, networkDifference } from '../../../../providers/hetzner/infrastructure/network.js';
import { desiredGroups } from '../../../../providers/hetzner/infrastructure/placement.js';
import { fingerprintOf } from '../../../../providers/hetzner/infrastructure/ssh-key.js';
import { balancer, emptyInventory, machine, network, ours, publicKey, request, theirs } from '../support/fixtures.js';

describe('the SSH key', () => {
  it('has the fingerprint that Hetzner lists', () => {
    // As `ssh-keygen -l -E md5` says.
    expect(fingerprintOf(publicKey)).toBe('65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd');
  });

  it('must be in OpenSSH form', () => {
    expect(() => fingerprintOf('ssh-ed25519')).toThrow(/OpenSSH form/);
  });
});

describe('the firewall', () => {
  const allow = { sshAllow: ['203.0.113.7/24'], apiAllow: ['2001:DB8::1/32', '198.51.100.7/32'] };

  it('lets in SSH and the API from the ranges asked for, ping, and nothing else', () => {
    const shown = desiredRules(allow).map(({ direction, protocol, port, source_ips: from }) => [
      direction,
      protocol,
      port,
      from,
    ]);
    expect(shown).toEqual([
      ['in', 'tcp', '22', ['203.0.113.0/24']],
      ['in', 'tcp', '6443', ['198.51.100.7/32', '2001:db8::/32']],
      ['in', 'icmp', undefined, ['0.0.0.0/0', '::/0']],
    ]);
  });

  it('has no rule where nobody may enter: one without sources would be refused', () => {
    expect(desiredRules({ sshAllow: [], apiAllow: [] }).map((rule) => rule.protocol)).toEqual(['icmp']);
  });

  it('is the same in any order and wording, and not with another source', () => {
    const rules = desiredRules(allow);
    const shuffled = [...rules]
      .reverse()
      .map((rule) => ({ ...rule, description: null, source_ips: [...(rule.source_ips ?? [])].reverse() }));
    expect(sameRules(rules, shuffled)).toBe(true);
    expect(sameRules(rules, desiredRules({ ...allow, sshAllow: ['203.0.114.0/24'] }))).toBe(false);
    expect(sameRules(rules, rules.slice(1))).toBe(false);
    expect(
      sameRules(rules, [...rules, { direction: 'in', protocol: 'tcp', port: '80', source_ips: ['0.0.0.0/0'] }]),
    ).toBe(false);
  });

  it('writes each range in one way only', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const range = normalRange(`${address}/${bits}`);
        expect(normalRange(range)).toBe(range);
      }),
    );
  });
});

describe('the network', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/16', '10.0.0.0/16', true],
    ['10.0.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/16', '10.1.0.0/24', false],
  ])('%s contains %s: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected);
  });

  it('tells what it lacks', () => {
    const desired = { kind: 'network', range: '10.0.0.0/16', zone: 'eu-central' } as const;
    expect(networkDifference(network(40, ours), desired)).toEqual([]);
    expect(networkDifference(network(40, ours, { subnets: [] }), desired)).toEqual(['subnet']);
    expect(networkDifference(network(40, ours, { ip_range: '10.0.0.0/24' }), desired)).toEqual(['range']);
    expect(networkDifference(network(40, ours, { ip_range: '10.9.0.0/16' }), desired)).toEqual(['apart']);
  });
});

describe('placement groups', () => {
  it('never hold more than ten machines, and a machine never changes its group', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), (count) => {
        const machines = Array.from({ length: count }, (_, i) => machine(i + 1));
        expect(desiredGroups(machines)).toEqual(
          Array.from({ length: Math.ceil(count / 10) }, (_, i) => ({ pool: 'web', group: i + 1 })),
        );
      }),
    );
  });
});

describe('the API’s balancer', () => {
  const selector = 'slipway.dev/cluster-id=k3f9x2,slipway.dev/role=control-plane';
  const right = balancer({
    name: 'demo-api',
    labels: ours,
    private_net: [{ network: 40, ip: '10.0.0.9' }],
    services: [{ protocol: 'tcp', listen_port: 6443, destination_port: 6443 }],
    targets: [{ type: 'label_selector', label_selector: { selector }, use_private_ip: true }],
  });

  it('tells what it lacks', () => {
    expect(balancerLacks(right, selector, 40)).toEqual([]);
    expect(balancerLacks(right, selector, 41)).toEqual(['network']);
    expect(balancerLacks({ ...right, services: [] }, selector, 40)).toEqual(['service']);
    expect(balancerLacks({ ...right, targets: [] }, selector, 40)).toEqual(['target']);
    expect(
      balancerLacks({ ...right, targets: [{ ...right.targets[0]!, use_private_ip: false }] }, selector, 40),
    ).toEqual(['target']);
  });

  it('stays when the cluster shrinks to one control plane: nodes know its address', () => {
    const found = { ...emptyInventory, networks: [network(40, ours)], loadBalancers: [right] };
    const resources = planResources({ request: request([machine(1, { pool: 'cp' })]), found, zone: 'eu-central' });
    expect(resources.find((resource) => resource.id === 'api-balancer')).toMatchObject({
      state: 'present',
      ready: { id: '60', address: '10.0.0.9' },
    });
  });

  it('of somebody else is not used', () => {
    const found = { ...emptyInventory, loadBalancers: [{ ...right, labels: theirs }] };
    const machines = [1, 2, 3].map((slot) => machine(slot, { pool: 'cp' }));
    expect(() => planResources({ request: request(machines), found, zone: 'eu-central' })).toThrow(
      /load balancer demo-api \(id 60\)/,
    );
  });
});

it('the plan reads like what will be done', () => {
  const machines = [...[1, 2, 3].map((slot) => machine(slot, { pool: 'cp' })), machine(1)];
  expect(
    planResources({ request: request(machines), found: emptyInventory, zone: 'eu-central' }).map(
      (resource) => resource.text,
    ),
  ).toEqual([
    'add SSH key demo-ssh',
    'create private network demo-network 10.0.0.0/16 in eu-central',
    'create firewall demo-firewall: SSH from 203.0.113.0/24; Kubernetes API from 203.0.113.0/24',
    'create placement group demo-cp-1: up to 10 machines on different hosts',
    'create placement group demo-web-1: up to 10 machines on different hosts',
    'create load balancer demo-api (lb11): private, port 6443 to the control planes',
  ]);
});
