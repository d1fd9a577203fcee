import { balancerTypes, offeredAt, renderBalancerType, renderServerType, serverTypes } from './catalogue.js';
import { listAnswer, reading, type Collection } from './collection.js';
import { notFound, removedEndpoint } from './errors.js';
import { locations, type LocationEntry } from './places.js';
import { get, type Route } from './routes.js';

const locationCollection: Collection<LocationEntry> = {
  one: 'location',
  many: 'locations',
  items: () => locations,
  render: (_world, location) => location,
  sortable: ['id', 'name'],
};

const serverTypeCollection: Collection<(typeof serverTypes)[number]> = {
  one: 'server_type',
  many: 'server_types',
  items: (world) => serverTypes.filter((type) => offeredAt(world, type).length > 0),
  render: renderServerType,
  sortable: [],
};

const balancerTypeCollection: Collection<(typeof balancerTypes)[number]> = {
  one: 'load_balancer_type',
  many: 'load_balancer_types',
  items: () => balancerTypes,
  render: (_world, type) => renderBalancerType(type),
  sortable: [],
};

/** Kinds of which the sandbox never has any. */
const none = (one: string, many: string): Route[] => {
  const collection: Collection<{ id: number; name: string }> = {
    one,
    many,
    items: () => [],
    render: (_world, item) => item,
    sortable: ['id', 'name', 'created'],
  };
  return [
    get(`/${many}`, (world, request) => listAnswer(collection, world, request)),
    get(`/${many}/{id}`, () => {
      throw notFound(one);
    }),
  ];
};

const datacentersGone = (): never => {
  throw removedEndpoint('2026-06-01-datacenters-endpoint-is-deprecated');
};

export const catalogueRoutes: readonly Route[] = [
  ...reading(locationCollection),
  ...reading(serverTypeCollection),
  ...reading(balancerTypeCollection),
  ...none('iso', 'isos'),
  ...none('certificate', 'certificates'),
  ...none('zone', 'zones'),
  ...none('storage_box', 'storage_boxes'),
  get('/datacenters', datacentersGone),
  get('/datacenters/{id}', datacentersGone),
];
