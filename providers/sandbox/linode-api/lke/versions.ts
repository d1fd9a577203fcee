import { notFound } from '../errors.js';
import { get, list, type Route } from '../routes.js';

/** Minors that clusters are made of, each with its newest patch. */
const offered: Readonly<Record<string, string>> = { '1.35': 'v1.35.8', '1.36': 'v1.36.5', '1.37': 'v1.37.1' };
/** Gone for years, and listed still: recorded answers have some. */
const retired = ['1.23'];

export const isOfferedVersion = (version: string): boolean => version in offered;
export const newestPatch = (version: string): string => offered[version] ?? `v${version}.0`;

/** Whether a cluster goes from one to the other: to the next minor, and never back. */
export const isNext = (from: string, to: string): boolean =>
  Number(to.split('.')[1]) === Number(from.split('.')[1]) + 1;

const standard = [...Object.keys(offered).reverse(), ...retired].map((id) => ({ id }));
const ofTier = (tier: string) => (tier === 'standard' ? standard.map((one) => ({ ...one, tier })) : []);
const found = <T extends { readonly id: string }>(all: readonly T[], id: string): T => {
  const one = all.find((version) => version.id === id);
  if (!one) throw notFound();
  return one;
};

export const lkeVersionRoutes: readonly Route[] = [
  list('/lke/versions', [], () => standard),
  get('/lke/versions/{word}', (_world, { word }) => ({ body: found(standard, word) })),
  list('/lke/tiers/{word}/versions', [], (_world, { word }) => ofTier(word)),
];
