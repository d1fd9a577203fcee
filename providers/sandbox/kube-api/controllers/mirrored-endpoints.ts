import { isIP } from 'node:net';

import { type Obj, same } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { ownerOf } from './conditions.js';

interface Address {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: object;
}

interface Port {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

interface Subset {
  readonly addresses?: readonly Address[] | null;
  readonly notReadyAddresses?: readonly Address[] | null;
  readonly ports?: readonly Port[] | null;
}

/** What of one kind of address and one set of ports is in a slice. */
interface Slice {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly object[];
  readonly endpoints: object[];
}

const mirroring = 'endpointslicemirroring-controller.k8s.io';
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const serviceName = 'kubernetes.io/service-name';
const skipMirror = 'endpointslice.kubernetes.io/skip-mirror';
/** Elections before Leases were held at Endpoints. */
const leaderElection = 'control-plane.alpha.kubernetes.io/leader';
const notMirrored = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
];
const addressesPerSubset = 1000;

/** Slices for Endpoints that somebody wrote by hand, for a service that selects nothing: proxies read slices alone. */
export function mirrorEndpoints(cluster: ClusterState, endpoints: Obj): void {
  const { name, namespace = '', labels = {}, annotations = {} } = endpoints.metadata;
  const service = cluster.store.look(cluster.kind('v1', 'Service'), namespace, name);
  // Those of a service that selects pods are made with them.
  if (service?.spec?.['selector'] !== undefined) return;
  const isMirrored = service !== undefined && labels[skipMirror] !== 'true' && !(leaderElection in annotations);
  const { store } = cluster;
  const kind = cluster.kind('discovery.k8s.io/v1', 'EndpointSlice');
  const left = store
    .peek(kind, namespace)
    .filter(({ metadata: own }) => own.labels?.[serviceName] === name && own.labels[managedBy] === mirroring);
  for (const slice of isMirrored ? slicesOf(endpoints) : []) {
    const index = left.findIndex(
      (one) => one['addressType'] === slice.addressType && same(one['ports'] ?? null, slice.ports),
    );
    const [known] = index < 0 ? [] : left.splice(index, 1);
    write(cluster, endpoints, slice, known);
  }
  for (const one of left) store.delete(kind, namespace, one.metadata.name);
}

/** A kind of address and a set of ports each. */
function slicesOf(endpoints: Obj): readonly Slice[] {
  const slices = new Map<string, Slice>();
  for (const { addresses, notReadyAddresses, ports } of (endpoints['subsets'] ?? []) as readonly Subset[]) {
    const own = (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    const all = [
      ...(addresses ?? []).map((address) => ({ address, ready: true })),
      ...(notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ].filter(({ address }) => isIP(address.ip) !== 0);
    for (const { address, ready } of all.slice(0, addressesPerSubset)) {
      const addressType = isIP(address.ip) === 6 ? 'IPv6' : 'IPv4';
      const key = JSON.stringify([addressType, own]);
      const slice = slices.get(key) ?? { addressType, ports: own, endpoints: [] };
      slices.set(key, slice);
      slice.endpoints.push(endpointOf(address, ready));
    }
  }
  return [...slices.values()];
}

function endpointOf({ ip, hostname, nodeName, targetRef }: Address, ready: boolean): object {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined || hostname === '' ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function write(cluster: ClusterState, endpoints: Obj, slice: Slice, known: Obj | undefined): void {
  const { name, namespace = '', labels, annotations = {} } = endpoints.metadata;
  const own = Object.fromEntries(Object.entries(annotations).filter(([key]) => !notMirrored.includes(key)));
  const metadata = {
    labels: { ...labels, [serviceName]: name, [managedBy]: mirroring },
    ...(Object.keys(own).length > 0 ? { annotations: own } : {}),
  };
  if (!known) {
    cluster.store.create(cluster.kind('discovery.k8s.io/v1', 'EndpointSlice'), {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: '', generateName: `${name}-`, namespace, ...metadata, ownerReferences: [ownerOf(endpoints)] },
      ...slice,
    });
    return;
  }
  const isSame =
    same(known['endpoints'], slice.endpoints) &&
    same(known.metadata.labels, metadata.labels) &&
    same(known.metadata.annotations ?? {}, own);
  if (isSame) return;
  cluster.change(known, (one) => {
    one.metadata.labels = metadata.labels;
    delete one.metadata.annotations;
    Object.assign(one.metadata, metadata);
    Object.assign(one, slice);
  });
}
