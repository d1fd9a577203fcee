export * from './slipway-error.js';
export * from './kinds.js';
