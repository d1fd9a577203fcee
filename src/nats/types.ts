import type { Secret } from '../domain/secret.js';

/** Where a server of NATS is reached, and as whom. */
export interface NatsAccess {
  readonly host: string;
  readonly port: number;
  /** Undefined: it asks nobody for a name. */
  readonly login: { readonly user: string; readonly password: Secret } | undefined;
}

/** A stream of JetStream. */
export interface StreamFacts {
  readonly name: string;
  /** Streams in memory cannot be copied: NATS makes no snapshots of them. */
  readonly storage: 'file' | 'memory';
  readonly messages: number;
  /** Of its messages, as NATS keeps them. */
  readonly bytes: number;
}

/** What NATS wants to know of a stream when its copy is brought back: its own JSON, handed back as it came. */
export interface StreamHead {
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
}

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Bytes so far. */
  readonly progress?: ((bytes: number) => void) | undefined;
}

/** The streams of one account, as a user who may only copy them sees them. */
export interface Streams {
  /** Sorted by name. @throws IncompleteError code NATS_FAILED */
  list(options: StreamOptions): Promise<readonly StreamFacts[]>;
  /**
   * Hands on a copy of a stream with its consumers, in chunks. What is written to it meanwhile is not in it.
   * @throws IncompleteError code NATS_FAILED
   */
  snapshot(name: string, write: (chunk: Buffer) => Promise<void>, options: StreamOptions): Promise<StreamHead>;
  /**
   * Makes a stream from such a copy. One that has its name already is left as it is.
   * @returns false where there is one of that name
   * @throws IncompleteError code NATS_FAILED
   */
  restore(name: string, head: StreamHead, chunks: AsyncIterable<Buffer>, options: StreamOptions): Promise<boolean>;
  close(): Promise<void>;
}
