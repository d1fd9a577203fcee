import type { Machine, Secret } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import type { ClusterFacts, Tools } from '../phases/context.js';

/** What servers and nodes join with, by which a cluster is started from a snapshot again. */
export interface ClusterTokens {
  readonly server: Secret;
  readonly agent: Secret;
}

/** A snapshot that was taken on a server and has come to this computer, packed with gzip. */
export interface FetchedSnapshot {
  /** SHA-256 of it, unpacked, as the server counted it. */
  readonly sha256: string;
  /** What the server ran: that release, or a newer one, starts from it. */
  readonly kubernetesVersion: string;
  readonly tokens: ClusterTokens;
}

/** What a snapshot says of itself. */
export interface SnapshotReport {
  /** How often the cluster’s data had been changed. */
  readonly revision: number;
  /** Versions of keys that it holds. */
  readonly entries: number;
  /** Whether the token that was given opens the keys in it. */
  readonly opens: boolean;
  /** Claims of volumes, `shop/db`, whose contents are no part of it. */
  readonly claims: readonly string[];
  /** Every namespace in it. */
  readonly namespaces: readonly string[];
}

/** How a distribution’s data is taken out of a cluster, and looked at. Loaded by those who make backups or restore one. */
export interface Backups {
  /** What a person types on a server to stop the cluster there, and to read what its Kubernetes says. */
  readonly onServers: { readonly stop: string; readonly log: string };
  /**
   * A server that a snapshot can be taken on now.
   * @throws RefusedError code NODES_DOWN
   */
  source(cluster: string, facts: Pick<ClusterFacts, 'machines' | 'nodes'>): Machine;
  /**
   * Takes a snapshot on a server and copies it to a file of this computer.
   * @param name what it is called there meanwhile
   */
  fetch(
    tools: Tools,
    server: Machine,
    name: string,
    file: string,
    run: Pick<StepContext, 'signal' | 'progress'>,
  ): Promise<FetchedSnapshot>;
  /**
   * @param file the snapshot as the server took it, unpacked; it may be larger than what fits into memory
   * @returns why it cannot be restored, where it cannot
   */
  inspect(file: string, token: Secret): Promise<SnapshotReport | { readonly broken: string }>;
}
