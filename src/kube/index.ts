export { describeNode, nodeFacts } from './node-facts.js';
export { openKube, type KubeTuning } from './open.js';
export type * from './types.js';
