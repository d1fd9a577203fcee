import type { Step } from '../engine/index.js';
import type { ClusterApi, PhaseContext } from '../phases/context.js';

export interface SettingsRequest {
  /** Machines whose configuration is to be written anew, by name. */
  readonly machines: ReadonlySet<string>;
  /** How many workers may be down at once. */
  readonly maxUnavailable: number;
  /** The server that holds the API's address now; undefined where none does. */
  readonly addressHolder: string | undefined;
}

/** How nodes that run come to another configuration. */
export interface Settings {
  /** Every step of that rollout. Decides; changes nothing. @throws RefusedError codes QUORUM, NODES_DOWN */
  plan(context: Omit<PhaseContext, 'rules'>, api: ClusterApi, request: SettingsRequest): readonly Step[];
}
