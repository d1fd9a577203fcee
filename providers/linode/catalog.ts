import type { CallOptions, Catalog, MachineType } from '../../src/provider/port.js';
import { type Linode, listOf } from './context.js';
import { availabilityShape, pricedShape, regionShape, type WirePriced, type WireRegion, typeShape } from './wire.js';

/** Without these no cluster stands in a region. */
const needed = ['Linodes', 'Metadata', 'VPCs', 'NodeBalancers', 'Cloud Firewall', 'Placement Group', 'Block Storage'];
/** What a region must have for types of a class. */
const capabilityOf: Readonly<Record<string, string>> = {
  premium: 'Premium Plans',
  gpu: 'GPU Linodes',
  accelerated: 'NETINT Quadra T1U',
};

export const listRegions = async (linode: Linode, options: CallOptions): Promise<WireRegion[]> =>
  (await listOf(linode, '/regions', regionShape, options)).filter(({ capabilities }) =>
    needed.every((one) => capabilities.includes(one)),
  );

const priceAt = ({ price, region_prices }: WirePriced, region: string) =>
  region_prices.find(({ id }) => id === region) ?? price;

/** What is sold where. A type that the list of what is to be had does not name is to be had. */
export async function readCatalog(linode: Linode, options: CallOptions): Promise<Catalog> {
  const [regions, types, plans, balancers, volumes] = await Promise.all([
    listRegions(linode, options),
    listOf(linode, '/linode/types', typeShape, options),
    listOf(linode, '/regions/availability', availabilityShape, options),
    listOf(linode, '/nodebalancers/types', pricedShape, options),
    listOf(linode, '/volumes/types', pricedShape, options),
  ]);
  const gone = new Set(plans.filter(({ available }) => !available).map(({ plan, region }) => `${plan} ${region}`));
  const located = (list: readonly WirePriced[]) =>
    regions.flatMap(({ id }) => list.slice(0, 1).map((one) => ({ location: id, monthly: priceAt(one, id).monthly })));
  return {
    locations: regions.map(({ id, label, country }) => ({
      ...{ name: id, city: label.split(',')[0]!, country: country.toUpperCase() },
      // A VPC is of one region.
      zone: id,
    })),
    machineTypes: types.map((type): MachineType => ({
      ...{ name: type.id, cores: type.vcpus, memoryGiB: type.memory / 1024, diskGB: Math.round(type.disk / 1024) },
      architecture: 'amd64',
      offers: regions
        .filter(({ capabilities }) => capabilities.includes(capabilityOf[type.class] ?? 'Linodes'))
        .map(({ id }) => ({ location: id, available: !gone.has(`${type.id} ${id}`), ...pricesOf(priceAt(type, id)) })),
    })),
    currency: 'USD',
    volumeMonthly: volumes[0]?.price.monthly ?? 0,
    balancers: located(balancers),
    // A machine's own address is in its price.
    addresses: [],
  };
}

const pricesOf = ({ hourly, monthly }: WirePriced['price']) => ({ hourly, monthly });
