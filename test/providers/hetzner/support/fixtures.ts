import { clusterLabels, machineLabels } from '../../../../src/domain/labels.js';
import type { ClusterRef, Role } from '../../../../src/domain/machine.js';
import type { ClusterRequest, MachineRequest } from '../../../../src/provider/port.js';
import type { Facts } from '../../../../providers/hetzner/preflight/facts.js';
import type { ProjectInventory } from '../../../../providers/hetzner/project-inventory.js';
import type {
  WireLoadBalancer,
  WireNetwork,
  WireServer,
  WireServerType,
  WireVolume,
} from '../../../../providers/hetzner/wire.js';

export const cluster: ClusterRef = { name: 'demo', id: 'k3f9x2' };
export const ours = clusterLabels(cluster);
export const theirs = clusterLabels({ name: 'other', id: 'zzzzzz' });
export const publicKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl user@example.com';
export const now = Date.parse('2026-11-20T10:00:00Z');

export function machine(slot = 1, change: Partial<MachineRequest> = {}): MachineRequest {
  const pool = change.pool ?? 'web';
  const role: Role = pool === 'cp' ? 'control-plane' : 'worker';
  const place = { pool, role, slot, generation: 1 };
  const labels = machineLabels(cluster, place, 'k3s');
  return {
    ...place,
    name: `demo-${pool}-${slot}-x7k2p`,
    types: ['cax21'],
    location: 'fsn1',
    image: 'ubuntu-26.04',
    labels,
    ...change,
  };
}

export const request = (machines: readonly MachineRequest[], change: Partial<ClusterRequest> = {}): ClusterRequest => ({
  cluster,
  machines,
  locations: ['fsn1'],
  networkRange: '10.0.0.0/16',
  sshAllow: ['203.0.113.0/24'],
  apiAllow: ['203.0.113.0/24'],
  sshPublicKey: publicKey,
  accept: [],
  encryption: 'wireguard',
  ...change,
});

const price = { price_hourly: { net: '0.0104' }, price_monthly: { net: '6.4900' } };

export const serverType = (name: string, change: Partial<WireServerType> = {}): WireServerType => ({
  name,
  cores: 4,
  memory: 8,
  disk: 80,
  architecture: name.startsWith('cax') ? 'arm' : 'x86',
  deprecation: null,
  locations: ['fsn1', 'nbg1'].map((place) => ({ name: place, available: true, deprecation: null })),
  prices: ['fsn1', 'nbg1'].map((location) => ({ location, ...price })),
  ...change,
});

export const emptyInventory: ProjectInventory = {
  sshKeys: [],
  networks: [],
  firewalls: [],
  placementGroups: [],
  loadBalancers: [],
};

export const facts = (change: Partial<Facts> = {}): Facts => ({
  now,
  networkLimit: 100,
  locations: [
    { name: 'fsn1', city: 'Falkenstein', country: 'DE', network_zone: 'eu-central' },
    { name: 'nbg1', city: 'Nuremberg', country: 'DE', network_zone: 'eu-central' },
    { name: 'ash', city: 'Ashburn, VA', country: 'US', network_zone: 'us-east' },
  ],
  types: [serverType('cax21'), serverType('cax31'), serverType('cx33')],
  images: [
    { id: 1, name: 'ubuntu-26.04', architecture: 'arm', status: 'available' },
    { id: 2, name: 'ubuntu-26.04', architecture: 'x86', status: 'available' },
    { id: 3, name: 'debian-13', architecture: 'x86', status: 'available' },
  ],
  servers: [],
  found: emptyInventory,
  ...change,
});

export const server = (
  id: number,
  labels: Readonly<Record<string, string>>,
  change: Partial<WireServer> = {},
): WireServer => ({
  id,
  name: `server-${id}`,
  status: 'running',
  created: '2026-11-20T09:00:00Z',
  public_net: { ipv4: { ip: '203.0.113.9' }, ipv6: { ip: '2001:db8:1::/64' }, firewalls: [{ id: 50 }] },
  private_net: [{ network: 40, ip: '10.0.0.2' }],
  server_type: { name: 'cax21' },
  location: { name: 'fsn1' },
  labels: { ...labels },
  ...change,
});

export const network = (
  id: number,
  labels: Readonly<Record<string, string>>,
  change: Partial<WireNetwork> = {},
): WireNetwork => ({
  id,
  name: 'demo-network',
  ip_range: '10.0.0.0/16',
  subnets: [{ type: 'cloud', ip_range: '10.0.0.0/16', network_zone: 'eu-central' }],
  servers: [],
  load_balancers: [],
  labels: { ...labels },
  created: '2026-11-20T08:00:00Z',
  ...change,
});

export const balancer = (change: Partial<WireLoadBalancer> = {}): WireLoadBalancer => ({
  id: 60,
  name: 'a-ingress',
  private_net: [],
  location: { name: 'fsn1' },
  load_balancer_type: { name: 'lb11', prices: [] },
  services: [],
  targets: [],
  labels: {},
  created: '2026-11-20T09:30:00Z',
  ...change,
});

export const volume = (change: Partial<WireVolume> = {}): WireVolume => ({
  id: 70,
  name: 'pvc-1',
  server: null,
  size: 10,
  location: { name: 'fsn1' },
  labels: { 'managed-by': 'csi-driver', 'pvc-name': 'data-0' },
  created: '2026-11-20T09:30:00Z',
  ...change,
});
