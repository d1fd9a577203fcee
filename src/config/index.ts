export * from './cluster-file.js';
export * from './from-flags.js';
export * from './json-schema.js';
export * from './to-yaml.js';
export * from './edit.js';
export * from './tenant-files.js';
export * from './edit-tenants.js';
export { absolutePath } from './paths.js';
