import type { Certificate, Machine } from '../domain/index.js';
import type { Step } from '../engine/index.js';
import type { ClusterApi, PhaseContext } from '../phases/context.js';
import type { RunOptions } from '../remote/types.js';

type Context = Omit<PhaseContext, 'rules'>;

/** The certificates that machines have, by their names. */
export interface CertificateReport {
  readonly found: ReadonlyMap<string, readonly Certificate[]>;
  /** Why a machine could not be asked. */
  readonly silent: ReadonlyMap<string, string>;
}

/** How nodes are taken through a change that has their programs started anew. */
export interface RollingRequest {
  /** The server that holds the API's address now, which comes last; undefined where none does. */
  readonly addressHolder: string | undefined;
  /** How many workers may be down at once. */
  readonly maxUnavailable: number;
}

export interface CertificateRotation extends RollingRequest {
  /** Which rotation: a machine that has done it does not do it again. */
  readonly rotation: string;
}

/** How the certificates and tokens of a distribution are made anew. */
export interface Rotations {
  /** Asks machines which certificates they have. Changes nothing. */
  lookAtCertificates(
    tools: Context['tools'],
    machines: readonly Machine[],
    options: RunOptions,
  ): Promise<CertificateReport>;
  /**
   * Steps after which every node has fresh certificates, and the workspace a kubeconfig with a fresh one.
   * @param api undefined: it lets nobody in, as its certificates have expired
   * @throws RefusedError code QUORUM
   */
  planCertificates(context: Context, api: ClusterApi | undefined, request: CertificateRotation): readonly Step[];
  /** Steps after which nodes join with other tokens, and only with those. @throws RefusedError code QUORUM */
  planTokens(context: Context, api: ClusterApi, request: RollingRequest): readonly Step[];
}
