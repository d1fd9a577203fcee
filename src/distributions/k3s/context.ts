import type { ClusterFacts, PhaseContext } from '../../phases/context.js';
import type { HostState } from './host/index.js';

/** What k3s is on a host, as far as a plan is made from it. */
export type FoundHost = Pick<HostState, 'unit' | 'active' | 'etcdData'> &
  Partial<Pick<HostState, 'k3sVersion' | 'vip'>>;

/** What is found of a cluster of k3s. */
export interface K3sFacts extends ClusterFacts {
  /** What the servers run that could be asked; empty while none is known to run anything. */
  readonly serverVersions: readonly string[];
  /** Parts of k3s that servers leave out which start now: what the running ones do; the file's before there is any. */
  readonly disabledParts: readonly string[];
  /** Control planes that were looked at, by machine name: those not found Ready, or all where one holds the API's address. */
  readonly hosts: ReadonlyMap<string, FoundHost>;
}

export type K3sContext = PhaseContext<K3sFacts>;
