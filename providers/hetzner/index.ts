import type { ProviderPackage } from '../../src/provider/package.js';
import { hetznerCodes } from './codes.js';
import { createHetznerProvider } from './provider.js';

export { createHetznerProvider, type HetznerOptions } from './provider.js';

const tokenVariable = 'HCLOUD_TOKEN';
const officialEndpoint = 'https://api.hetzner.cloud/v1';
/** Resources that Hetzner lets one private network have. */
const networkLimit = 100;

/**
 * Hetzner Cloud. Variables: HCLOUD_TOKEN, a read-write API token of the project; HCLOUD_ENDPOINT, another base of the
 * API; HCLOUD_DEBUG, any value, for a line per request; SLIPWAY_ADDRESS_SERVICE, who is asked for `self`.
 */
export const hetzner: ProviderPackage = {
  name: 'hetzner',
  title: 'Hetzner Cloud',
  ownsMachines: true,
  tokenVariable,
  codes: hetznerCodes,
  async open(context) {
    return createHetznerProvider({
      name: 'hetzner',
      title: 'Hetzner Cloud',
      token: context.secret(tokenVariable),
      endpoint: context.variable('HCLOUD_ENDPOINT') ?? officialEndpoint,
      timeScale: 1,
      networkLimit,
      context,
      log: context.variable('HCLOUD_DEBUG') ? (line) => context.log(line) : undefined,
    });
  },
};
