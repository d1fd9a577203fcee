/**
 * What the product publishes to packages that stand outside of it: the port, and the few values that an implementation
 * cannot do without. The sandbox imports nothing else of the product; `npm run check:house` holds it to that.
 */
export type { CallOptions, Endpoint, Forwarding, MachineProvider } from './port.js';
export type { ProviderContext, ProviderPackage } from './package.js';
export { Secret } from '../domain/secret.js';
export { entries, type ErrorEntry, IncompleteError, UnexpectedError, UsageError } from '../errors/index.js';
// As a whole module, so that a package can add its codes to the list in it.
export * from '../errors/codes/provider-codes.js';
export { ask } from '../http/ask.js';
