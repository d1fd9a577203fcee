export * from './elf.js';
export * from './folder.js';
export * from './manifest.js';
export * from './obtain.js';
export * from './put.js';
export * from './recipe.js';
export * from './sums.js';
export * from './verify.js';
