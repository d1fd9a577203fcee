import type { BlobStore } from '../blob-store.js';

export type PlaceState =
  { readonly is: 'empty' | 'filling' | 'ready' | 'rotating' } | { readonly is: 'moved'; readonly to: string };

/** A place that holds a workspace, or can: what it takes to move one as a whole. */
export interface Place {
  /** As `--workspace` takes it. */
  readonly where: string;
  state(): Promise<PlaceState>;
  /** What is kept, in clear, by keys as `clusters/demo/record.json`; each time as if nothing had been read before. */
  texts(): Promise<BlobStore>;
  /** The backups in it, in clear, by keys as `backups/demo/ID/manifest.json`; undefined where there are none. */
  backups(mode: 'look' | 'make'): Promise<BlobStore | undefined>;
  /**
   * Makes sure that it can hold a workspace, and begins one that nobody uses until it is opened.
   * @param from where the workspace is until then
   * @throws RefusedError code BUCKET_UNFIT
   */
  begin(from: string): Promise<void>;
  /** From now on it is used. */
  open(): Promise<void>;
  /** From now on whoever uses it is told where to. */
  close(movedTo: string): Promise<void>;
  /** Removes all clusters, and the backups in it. */
  clear(): Promise<void>;
  /** The country that its data lies in, `DE`; `here` for this computer, undefined where that is not known. */
  readonly country: string | undefined;
}
