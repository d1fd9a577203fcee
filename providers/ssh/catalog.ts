import type { HostSpec } from '../../src/domain/spec/hosts.js';
import type { Catalog } from '../../src/provider/port.js';
import { any } from './assign.js';

/** What the file's hosts have to offer, by the words of their owner. They have no price. */
export function catalogOf(hosts: readonly HostSpec[]): Catalog {
  const names = [...new Set([any, ...hosts.map(({ location }) => location)])];
  const types = [...new Set([any, ...hosts.map(({ type }) => type)])];
  return {
    locations: names.map((name) => ({
      name,
      city: name,
      // Hosts at one place are in one country; those at no named place are judged by the rule for the file.
      country: hosts.find((host) => host.location === name || name === any)?.country ?? '',
      zone: any,
    })),
    machineTypes: types.map((name) => ({
      name,
      cores: 0,
      memoryGiB: 0,
      diskGB: 0,
      architecture: undefined,
      offers: [],
    })),
    currency: '',
    volumeMonthly: 0,
    balancers: [],
    addresses: [],
  };
}
