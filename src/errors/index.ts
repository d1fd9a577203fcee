export * from './exit-codes.js';
export * from './slipway-error.js';
export * from './kinds.js';
export { entries, type ErrorEntry } from './codes/entry.js';
export type { ErrorCode } from './codes/index.js';
export * from './codes/provider-codes.js';
