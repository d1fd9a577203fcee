import type { ProviderPackage } from '../../src/provider/package.js';
import { linodeCodes } from './codes.js';
import { createLinodeProvider } from './provider.js';

export { createLinodeProvider, type LinodeOptions } from './provider.js';

const tokenVariable = 'LINODE_TOKEN';
const officialEndpoint = 'https://api.linode.com/v4';

/**
 * Linode (Akamai). Variables: LINODE_TOKEN, an API token; LINODE_URL, another base of the API, with its version;
 * LINODE_DEBUG, any value, for a line per request; SLIPWAY_ADDRESS_SERVICE, who is asked for `self`.
 */
export const linode: ProviderPackage = {
  name: 'linode',
  title: 'Linode',
  ownsMachines: true,
  tokenVariable,
  codes: linodeCodes,
  async open(context) {
    return createLinodeProvider({
      name: 'linode',
      title: 'Linode',
      token: context.secret(tokenVariable),
      endpoint: context.variable('LINODE_URL') ?? officialEndpoint,
      timeScale: 1,
      context,
      log: context.variable('LINODE_DEBUG') ? (line) => context.log(line) : undefined,
    });
  },
};
