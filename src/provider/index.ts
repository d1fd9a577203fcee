/**
 * What the product publishes to packages that stand outside of it: the port, and the few values that an implementation
 * cannot do without. The sandbox imports nothing else of the product; `npm run check:house` holds it to that.
 */
export type { CallOptions, Endpoint, Forwarding, MachineProvider } from './port.js';
export type { ProviderContext, ProviderPackage } from './package.js';
export { Secret } from '../domain/secret.js';
export { IncompleteError, UnexpectedError, UsageError } from '../errors/index.js';
export { ask } from '../http/ask.js';
