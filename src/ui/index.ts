export * from './errors.js';
export * from './leave.js';
export * from './live.js';
export * from './outdated.js';
export * from './plan.js';
export * from './program.js';
export * from './reporter.js';
export * from './text.js';
