export * from './exit-codes.js';
export * from './slipway-error.js';
export * from './kinds.js';
export type { ErrorCode, ProviderCode } from './codes/index.js';
