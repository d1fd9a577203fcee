import ipaddr from 'ipaddr.js';

import type { Machine } from '../../../src/domain/machine.js';
import { placeOf } from '../../../src/provider/kit/ownership.js';
import { preparedNameOf } from '../image-names.js';
import type { WireServer } from '../wire.js';

const statuses: Readonly<Record<string, Machine['status']>> = {
  initializing: 'creating',
  rebuilding: 'creating',
  running: 'running',
  starting: 'starting',
  stopping: 'stopping',
  off: 'off',
  deleting: 'deleting',
};

/** A server as the port describes it. */
export function toMachine(server: WireServer): Machine {
  return {
    ...placeOf(server.labels),
    id: String(server.id),
    name: server.name,
    type: server.server_type.name,
    location: server.location.name,
    imageNames: server.image ? namesOf(server.image) : undefined,
    status: statuses[server.status] ?? 'unknown',
    publicAddress: server.public_net.ipv4?.ip ?? hostAddress(server.public_net.ipv6?.ip),
    privateAddress: server.private_net[0]?.ip,
    labels: server.labels,
    createdAt: server.created,
  };
}

function namesOf({ id, name, labels }: NonNullable<WireServer['image']>): readonly string[] {
  const own = preparedNameOf(labels) ?? name;
  return [...(own ? [own] : []), String(id)];
}

/** The first host in the /64 that a server is given, which is the address its system takes. */
function hostAddress(range: string | undefined): string | undefined {
  if (range === undefined) return undefined;
  const base = range.split('/')[0] ?? '';
  return ipaddr.IPv6.isValid(`${base}1`) && base.endsWith('::') ? `${base}1` : base;
}
