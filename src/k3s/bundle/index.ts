export * from './manifest.js';
export * from './put.js';
