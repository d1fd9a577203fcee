import type { Catalog } from '../../src/provider/port.js';
import type { Inventory, View } from './inventory.js';
import { isOfferedBy, shortage } from './placement.js';

/** What the hosts have to offer now. It has no price. */
export function catalogOf(inventory: Inventory, views: readonly View[]): Catalog {
  const { hosts, types } = inventory.spec;
  const rooms = views.map((view) => inventory.roomOf(view));
  const places = [...new Map(hosts.map((host) => [host.location, host])).values()];
  return {
    locations: places.map(({ location, zone, country = '' }) => ({ name: location, city: location, country, zone })),
    machineTypes: types.map((type) => ({
      name: type.name,
      cores: type.cpu,
      memoryGiB: type.memory,
      diskGB: type.disk,
      architecture: 'amd64',
      offers: places.flatMap(({ location }) => {
        const offering = rooms.filter((room) => room.location === location && isOfferedBy(room, type));
        const available = offering.some((room) => shortage(room, type) === undefined);
        return offering.length > 0 ? [{ location, available, hourly: 0, monthly: 0 }] : [];
      }),
    })),
    currency: '',
    volumeMonthly: 0,
    balancers: [],
    addresses: [],
  };
}
