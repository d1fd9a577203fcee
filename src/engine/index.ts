export { chainSteps } from './graph.js';
export * from './limits.js';
export * from './step.js';
export * from './run.js';
export * from './outcome.js';
export * from './journal.js';
