import type { Obj } from '../objects.js';
import {
  ageColumn,
  balancerText,
  type Column,
  column,
  count,
  firstOf,
  labelsText,
  maps,
  nameColumn,
  selectorText,
  text,
  texts,
  wide,
} from './column.js';

const shownAtMost = 3;

function externalAddress(service: Obj): string {
  const own = texts(service, 'spec.externalIPs');
  const type = text(service, 'spec.type', 'ClusterIP');
  if (type === 'ExternalName') return text(service, 'spec.externalName');
  if (type === 'ClusterIP' || type === 'NodePort') return own.join(',') || '<none>';
  if (type !== 'LoadBalancer') return '<unknown>';
  return [balancerText(service), ...own].filter((one) => one !== '').join(',') || '<pending>';
}

const servicePorts = (service: Obj): string =>
  maps(service, 'spec.ports')
    .map((port) => {
      const node = count(port, 'nodePort');
      return `${text(port, 'port')}${node > 0 ? `:${node}` : ''}/${text(port, 'protocol', 'TCP')}`;
    })
    .join(',') || '<none>';

/** An address with a port; IPv6 in brackets. */
const joined = (address: string, port: string): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function endpointAddresses(endpoints: Obj): string {
  const subsets = maps(endpoints, 'subsets');
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap((subset) => {
    const addresses = maps(subset, 'addresses').map((one) => text(one, 'ip'));
    const ports = maps(subset, 'ports').map((one) => text(one, 'port'));
    return ports.length === 0 ? addresses : ports.flatMap((port) => addresses.map((one) => joined(one, port)));
  });
  return firstOf(all, shownAtMost);
}

const slicePorts = (slice: Obj): string =>
  firstOf(
    maps(slice, 'ports').map((port) => text(port, 'port') || text(port, 'name', '*')),
    shownAtMost,
  ) || '<unset>';

const sliceAddresses = (slice: Obj): string =>
  firstOf(
    maps(slice, 'endpoints').flatMap((one) => texts(one, 'addresses')),
    shownAtMost,
  ) || '<unset>';

/** Rules without a host are counted, and not shown. */
function ingressHosts(ingress: Obj): string {
  const hosts = maps(ingress, 'spec.rules').map((rule) => text(rule, 'host'));
  const named = hosts.filter((host) => host !== '');
  if (named.length === 0) return '*';
  return firstOf(named, shownAtMost, ',', named.length > shownAtMost ? hosts.length : named.length);
}

function classParameters(ingressClass: Obj): string {
  const kind = text(ingressClass, 'spec.parameters.kind');
  if (kind === '') return '<none>';
  const group = text(ingressClass, 'spec.parameters.apiGroup');
  return `${kind}${group === '' ? '' : `.${group}`}/${text(ingressClass, 'spec.parameters.name')}`;
}

export const networkColumns: Readonly<Record<string, readonly Column[]>> = {
  '/services': [
    nameColumn,
    column('Type', (one) => text(one, 'spec.type', 'ClusterIP')),
    column('Cluster-IP', (one) => texts(one, 'spec.clusterIPs')[0] ?? text(one, 'spec.clusterIP', '<none>')),
    column('External-IP', externalAddress),
    column('Port(s)', servicePorts),
    ageColumn,
    wide(column('Selector', (one) => labelsText(one.spec?.['selector']))),
  ],
  '/endpoints': [nameColumn, column('Endpoints', endpointAddresses), ageColumn],
  'discovery.k8s.io/endpointslices': [
    nameColumn,
    column('AddressType', (one) => text(one, 'addressType')),
    column('Ports', slicePorts),
    column('Endpoints', sliceAddresses),
    ageColumn,
  ],
  'networking.k8s.io/ingresses': [
    nameColumn,
    column('Class', (one) => text(one, 'spec.ingressClassName', '<none>')),
    column('Hosts', ingressHosts),
    column('Address', balancerText),
    column('Ports', (one) => (maps(one, 'spec.tls').length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  'networking.k8s.io/ingressclasses': [
    nameColumn,
    column('Controller', (one) => text(one, 'spec.controller')),
    column('Parameters', classParameters),
    ageColumn,
  ],
  'networking.k8s.io/networkpolicies': [
    nameColumn,
    column('Pod-Selector', (one) => selectorText(one.spec?.['podSelector'])),
    ageColumn,
  ],
};
