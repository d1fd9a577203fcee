import { regionNamed, regions, regionShape } from './places.js';
import { notFound } from './errors.js';
import { get, list, type Route } from './routes.js';
import type { World } from './world.js';

export interface TypeEntry {
  readonly id: string;
  readonly label: string;
  readonly class: 'nanode' | 'standard' | 'dedicated' | 'premium';
  readonly cores: number;
  readonly memoryGB: number;
  readonly diskGB: number;
  /** US dollars. */
  readonly monthly: number;
}

const type = (
  id: string,
  [kind, cores, memoryGB, diskGB, monthly]: readonly [TypeEntry['class'], number, number, number, number],
): TypeEntry => {
  const title = { nanode: 'Nanode', standard: 'Linode', dedicated: 'Dedicated', premium: 'Premium' }[kind];
  return { id, label: `${title} ${memoryGB}GB`, class: kind, cores, memoryGB, diskGB, monthly };
};

export const types: readonly TypeEntry[] = [
  type('g6-nanode-1', ['nanode', 1, 1, 25, 5]),
  type('g6-standard-1', ['standard', 1, 2, 50, 12]),
  type('g6-standard-2', ['standard', 2, 4, 80, 24]),
  type('g6-standard-4', ['standard', 4, 8, 160, 48]),
  type('g6-standard-6', ['standard', 6, 16, 320, 96]),
  type('g6-standard-8', ['standard', 8, 32, 640, 192]),
  type('g6-dedicated-2', ['dedicated', 2, 4, 80, 36]),
  type('g6-dedicated-4', ['dedicated', 4, 8, 160, 72]),
  type('g6-dedicated-8', ['dedicated', 8, 16, 320, 144]),
  type('g7-premium-2', ['premium', 2, 4, 80, 43]),
  type('g7-premium-4', ['premium', 4, 8, 160, 86]),
];

export const typeNamed = (id: string): TypeEntry | undefined => types.find((one) => one.id === id);

/** Two regions cost more than the rest. */
const dearer: Readonly<Record<string, number>> = { 'br-gru': 1.4, 'id-cgk': 1.2 };
const cents = (amount: number): number => Math.round(amount * 100) / 100;
const hourlyOf = (monthly: number): number => Math.round((monthly / 667) * 10_000) / 10_000;
const priceOf = (monthly: number) => ({ hourly: hourlyOf(monthly), monthly });
const regionPrices = (monthly: number) =>
  Object.entries(dearer).map(([id, factor]) => ({ id, ...priceOf(cents(monthly * factor)) }));

const typeShape = (one: TypeEntry) => ({
  id: one.id,
  label: one.label,
  class: one.class,
  disk: one.diskGB * 1024,
  memory: one.memoryGB * 1024,
  vcpus: one.cores,
  gpus: 0,
  network_out: 2_000,
  transfer: 4_000,
  price: priceOf(one.monthly),
  region_prices: regionPrices(one.monthly),
  addons: { backups: { price: priceOf(cents(one.monthly / 5)), region_prices: regionPrices(cents(one.monthly / 5)) } },
  successor: null,
});

const extra = (id: string, label: string, monthly: number) => ({
  id,
  label,
  price: priceOf(monthly),
  region_prices: regionPrices(monthly),
  transfer: 0,
});

/** Per month, and of volumes per GB. */
const extras = {
  '/nodebalancers/types': [extra('nodebalancer', 'NodeBalancer', 10)],
  '/volumes/types': [extra('volume', 'Storage Volume', 0.1)],
  '/lke/types': [extra('lke-sa', 'LKE Standard Availability', 0), extra('lke-ha', 'LKE High Availability', 60)],
};

interface ImageEntry {
  readonly id: string;
  readonly label: string;
  readonly vendor: string;
}

export const images: readonly ImageEntry[] = [
  { id: 'linode/ubuntu26.04', label: 'Ubuntu 26.04 LTS', vendor: 'Ubuntu' },
  { id: 'linode/ubuntu24.04', label: 'Ubuntu 24.04 LTS', vendor: 'Ubuntu' },
  { id: 'linode/ubuntu22.04', label: 'Ubuntu 22.04 LTS', vendor: 'Ubuntu' },
  { id: 'linode/debian13', label: 'Debian 13', vendor: 'Debian' },
  { id: 'linode/debian12', label: 'Debian 12', vendor: 'Debian' },
];

const imageShape = ({ id, label, vendor }: ImageEntry) => ({
  id,
  label,
  vendor,
  capabilities: ['cloud-init', 'distributed-sites'],
  created: '2026-04-23T10:00:00',
  updated: '2026-04-23T10:00:00',
  created_by: 'linode',
  deprecated: false,
  description: null,
  eol: null,
  expiry: null,
  is_public: true,
  regions: [],
  size: 3_500,
  total_size: 0,
  status: 'available',
  tags: [],
  type: 'manual',
});

/** `ubuntu-24.04`, as the computers in the sandbox know their system. */
export const systemOf = (image: string | null): string =>
  image === null ? 'unknown' : image.replace(/^linode\//, '').replace(/(?<=[a-z])(?=\d)/, '-');

/** Whether a region has machines of a type at all, sold out or not. */
export const isOffered = (one: TypeEntry, at: string): boolean =>
  one.class !== 'premium' || regionNamed(at)?.isNew === true;

const availability = (world: World, at: readonly string[]): object[] =>
  at.flatMap((id) =>
    types
      .filter((one) => isOffered(one, id))
      .map((one) => ({ region: id, plan: one.id, available: !world.faults.isSoldOut(one.id, id) })),
  );

const lookUp = (entries: readonly { readonly id: string }[], id: string): object => {
  const found = entries.find((one) => one.id === id);
  if (!found) throw notFound();
  return found;
};

const shownRegions = regions.map(regionShape);
const shownTypes = types.map(typeShape);
const shownImages = images.map(imageShape);
const publicImageFields = ['deprecated', 'is_public', 'label', 'size', 'status', 'type', 'vendor', 'tags'];

export const catalogueRoutes: readonly Route[] = [
  list('/regions', ['country', 'site_type'], () => shownRegions),
  list('/regions/availability', ['region', 'plan', 'available'], (world) =>
    availability(
      world,
      regions.map(({ id }) => id),
    ),
  ),
  get('/regions/{word}', (_world, { word }) => ({ body: lookUp(shownRegions, word) })),
  list(
    '/linode/types',
    ['class', 'label', 'memory', 'vcpus', 'disk', 'gpus', 'transfer', 'network_out'],
    () => shownTypes,
  ),
  get('/linode/types/{word}', (_world, { word }) => ({ body: lookUp(shownTypes, word) })),
  list('/images', publicImageFields, () => shownImages),
  get('/images/{word}', (_world, { word }) => ({ body: lookUp(shownImages, word) })),
  ...Object.entries(extras).map(([path, entries]) => list(path, ['label'], () => entries)),
];
