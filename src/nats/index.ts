export { openStreams } from './streams.js';
export type * from './types.js';
