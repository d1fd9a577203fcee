import type { Secret } from '../../../domain/index.js';
import type { ClusterSpec } from '../../../domain/spec/schema.js';
import type { ProviderSection } from '../../../provider/package.js';

export interface AdoptInput {
  readonly name: string;
  /** Where its machines are, as the file or a flag says it; undefined only where the workspace has a record. */
  readonly section: ProviderSection | undefined;
  /** Of the file that was given. */
  readonly spec: ClusterSpec | undefined;
  /** Absolute path of that file. */
  readonly file: string | undefined;
  /** Which of several clusters of that name. */
  readonly id: string | undefined;
  /** A private key that the machines accept, to go on with. */
  readonly sshKey: { readonly file: string; readonly privateKey: Secret; readonly publicKey: string } | undefined;
  /** Kubeconfigs beside the workspace's, the one to try first in front. */
  readonly kubeconfigs: readonly OfferedKubeconfig[];
  /** Fingerprints of host keys that the person has compared. */
  readonly acceptedHostKeys: readonly string[];
  /** Only says what would be done. */
  readonly dryRun: boolean;
}

export interface OfferedKubeconfig {
  /** Where it is from, for people. */
  readonly from: string;
  readonly text: Secret;
}
