import type { Machine, UpgradeStage } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import type { ClusterApi, PhaseContext } from '../phases/context.js';
import type { Problem } from '../provider/port.js';

/** What is looked at before an upgrade, on the servers themselves. */
export interface ServerReport {
  /** What stands in the way. */
  readonly problems: readonly Problem[];
  /** The server that holds the API's address now; undefined where none does. */
  readonly addressHolder: string | undefined;
  /** What clients asked for lately that the last release does not serve any more. */
  readonly removedApis: readonly RemovedApi[];
}

export interface RemovedApi {
  /** `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io` */
  readonly api: string;
  /** The first minor without it: `1.32` */
  readonly removedIn: string;
  /** Which servers were asked for it. */
  readonly servers: readonly string[];
}

export interface UpgradeRequest {
  readonly stages: readonly UpgradeStage[];
  /** How many workers may be down at once. */
  readonly maxUnavailable: number;
  /** Milliseconds that pass after each wave before it is judged. */
  readonly soakMs: number;
  readonly addressHolder: string | undefined;
  /** Workers that are set aside where they cannot be emptied; undefined: the upgrade stops there. */
  readonly quarantine?:
    | {
        /** Those of which that is known before. */
        readonly workers: ReadonlySet<string>;
        /** How many more may be. */
        readonly more: number;
      }
    | undefined;
  /** Why users are not served as before; undefined where nobody asked for that to be watched. */
  readonly served?: ((options: { readonly signal: AbortSignal }) => Promise<string | undefined>) | undefined;
}

/** How the nodes of a distribution come to another release. */
export interface Upgrades {
  /**
   * The newest release of each channel, by its name: `stable`, `v1.36`.
   * @param address another server to ask than the distribution's own
   * @throws UsageError code CHANNELS_UNREACHABLE
   */
  channels(
    address: string | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, string>>;
  /** @param stops the releases on the way */
  lookAtServers(
    context: Omit<PhaseContext, 'rules'>,
    servers: readonly Machine[],
    stops: readonly string[],
    options: { readonly signal: AbortSignal },
  ): Promise<ServerReport>;
  /** What is taken before anything is changed, where nodes are replaced. */
  snapshot(context: Omit<PhaseContext, 'rules'>): Step;
  /** Every step of an upgrade. Decides; changes nothing. @throws RefusedError code QUORUM */
  plan(context: Omit<PhaseContext, 'rules'>, api: ClusterApi, request: UpgradeRequest): readonly Step[];
}
