export * from './fields.js';
export * from './ranges.js';
export * from './rules.js';
export * from './schema.js';
