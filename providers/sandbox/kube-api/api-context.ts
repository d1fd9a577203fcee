import type { Controllers } from './controllers/index.js';
import type { ObjectStore } from './store.js';
import type { Tokens } from './tokens.js';

/** What every verb of the API works on. */
export interface ApiContext {
  readonly store: ObjectStore;
  readonly controllers: Controllers;
  readonly now: () => number;
  readonly tokens: Tokens;
  /** `v1.36.5+k3s1` */
  readonly kubernetesVersion: () => string;
}

export interface Reply {
  readonly code: number;
  readonly body: unknown;
  /** What a client is to show people. */
  readonly warnings?: readonly string[];
}
