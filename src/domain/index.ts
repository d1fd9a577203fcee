export * from './boundary.js';
export * from './clock.js';
export * from './labels.js';
export * from './machine.js';
export * from './secret.js';
export * from './wait.js';
