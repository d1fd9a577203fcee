import type { ErrorEntry } from './entry.js';

/**
 * The codes that only one provider has. Its package says what they mean (`ProviderPackage.codes`) and adds them to this
 * list with `declare module`, so that no other can be written.
 */
export interface ProviderCodes extends Record<never, ErrorEntry> {}
