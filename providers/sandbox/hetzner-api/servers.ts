import type { Collection } from './collection.js';
import { renderServerType, serverTypes, trafficOf, typeNamed, type ServerTypeEntry } from './catalogue.js';
import { firewallsOf } from './firewall-uses.js';
import { imageOf, images } from './images.js';
import { locationNamed } from './places.js';
import { placementGroups } from './placement-groups.js';
import { reverseName } from './primary-ips.js';
import { balancersTargeting } from './balancer-targets.js';
import type { ServerRecord } from './state.js';
import { volumesOf } from './volumes.js';
import type { World } from './world.js';

export const typeOf = (server: ServerRecord): ServerTypeEntry => typeNamed(serverTypes, server.type);

function renderPublicNet(world: World, server: ServerRecord): object {
  const ipv4 = server.ipv4 === null ? undefined : world.tables.primaryIps.get(server.ipv4);
  const ipv6 = server.ipv6 === null ? undefined : world.tables.primaryIps.get(server.ipv6);
  return {
    ipv4: ipv4 ? { id: ipv4.id, ip: ipv4.ip, blocked: false, dns_ptr: reverseName(ipv4.ip) } : null,
    ipv6: ipv6 ? { id: ipv6.id, ip: ipv6.ip, blocked: false, dns_ptr: [] } : null,
    floating_ips: [],
    firewalls: firewallsOf(world, server.id).map(({ firewall, status }) => ({ id: firewall.id, status })),
  };
}

function render(world: World, server: ServerRecord): object {
  const location = locationNamed(server.location);
  const image = imageOf(world, server.image);
  const group = server.placementGroup === null ? undefined : world.tables.placementGroups.get(server.placementGroup);
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    created: server.created,
    public_net: renderPublicNet(world, server),
    private_net: server.nets
      .filter((net) => net.state === 'attached')
      .map(({ network, ip, aliases, mac }) => ({ network, ip, alias_ips: aliases, mac_address: mac })),
    server_type: renderServerType(world, typeOf(server)),
    location,
    image: image ? images.render(world, image) : null,
    iso: null,
    rescue_enabled: false,
    locked: world.actions.isLocked({ type: 'server', id: server.id }),
    backup_window: null,
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    included_traffic: trafficOf(location.name),
    protection: server.protection,
    labels: server.labels,
    volumes: volumesOf(world, server.id).map((volume) => volume.id),
    load_balancers: balancersTargeting(world, server).map((balancer) => balancer.id),
    primary_disk_size: server.diskGB,
    placement_group: group ? placementGroups.render(world, group) : null,
  };
}

export const servers: Collection<ServerRecord> = {
  one: 'server',
  many: 'servers',
  items: (world) => world.tables.servers.values(),
  render,
  sortable: ['id', 'name', 'created'],
  filters: { status: (server, values) => values.includes(server.status) },
};

/** A host name by RFC 1123: labels of letters, digits and hyphens, joined by dots. */
export function hostNameProblem(name: string): string | undefined {
  const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
  const right = name.length <= 253 && name.split('.').every((part) => label.test(part));
  return right ? undefined : 'must be a valid hostname as per RFC 1123';
}
