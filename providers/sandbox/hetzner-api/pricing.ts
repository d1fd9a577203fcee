import { balancerTypes, offeredAt, renderPrices, serverTypes } from './catalogue.js';
import { hoursOfMonth, money, vatRate } from './decimal.js';
import { locations } from './places.js';
import { get, type Route } from './routes.js';
import type { World } from './world.js';

const perLocation = (cents: number): object[] =>
  locations.map((location) => ({
    location: location.name,
    price_hourly: money(cents, hoursOfMonth),
    price_monthly: money(cents),
  }));

const renderPricing = (world: World): object => ({
  currency: 'EUR',
  vat_rate: `${vatRate}.000000`,
  primary_ips: [
    { type: 'ipv4', prices: perLocation(50) },
    { type: 'ipv6', prices: perLocation(0) },
  ],
  floating_ip: { price_monthly: money(300) },
  floating_ips: [
    { type: 'ipv4', prices: perLocation(300) },
    { type: 'ipv6', prices: perLocation(100) },
  ],
  image: { price_per_gb_month: money(1.1) },
  volume: { price_per_gb_month: money(4.4) },
  server_backup: { percentage: '20.000000' },
  server_types: serverTypes.map((type) => {
    const offered = offeredAt(world, type);
    const cents = new Map([...type.cents].filter(([place]) => offered.includes(place)));
    return { id: type.id, name: type.name, prices: renderPrices(cents) };
  }),
  load_balancer_types: balancerTypes.map((type) => ({
    id: type.id,
    name: type.name,
    prices: renderPrices(type.cents),
  })),
});

export const pricingRoutes: readonly Route[] = [
  get('/pricing', (world) => ({ status: 200, body: { pricing: renderPricing(world) } })),
];
