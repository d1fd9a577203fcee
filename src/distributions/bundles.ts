import type { Clock } from '../domain/clock.js';
import type { Step } from '../engine/index.js';

export type Architecture = 'amd64' | 'arm64';

/** What a bundle is to be made of. Paths are absolute. */
export interface BundleRequest {
  readonly version: string;
  readonly out: string;
  readonly architectures: readonly Architecture[];
  /** Where releases are, without the version; undefined: the distribution's own site. */
  readonly releases?: string | undefined;
  /** A folder with the release's files, instead of a site. */
  readonly from?: string | undefined;
  /** The program, instead of the release's with its images. */
  readonly binary?: string | undefined;
  /** Further image archives. */
  readonly images: readonly string[];
  /** A file that says which registries have mirrors, and how to log in to them. */
  readonly registries?: string | undefined;
  /** Whether the release's list of images comes along, for mirrors. */
  readonly imageList: boolean;
}

/** What is needed of a bundle; what is left out is not looked at. */
export interface BundleNeeds {
  readonly version?: string | undefined;
  readonly architectures?: readonly Architecture[] | undefined;
}

/** A sound bundle as commands show it. */
export interface BundleView {
  readonly folder: string;
  readonly version: string;
  readonly source: 'release' | 'local';
  readonly architectures: readonly Architecture[];
  readonly files: readonly {
    readonly name: string;
    readonly kind: string;
    /** Undefined: for machines of any architecture. */
    readonly arch?: Architecture | undefined;
    readonly sha256: string;
    readonly bytes: number;
  }[];
  /** Of all files together. */
  readonly bytes: number;
}

export interface BundlePlan {
  readonly steps: readonly Step[];
  /** What was made, once all steps are done. */
  readonly made: () => BundleView;
}

/** An ability: machines get the distribution from a folder, instead of downloading it themselves. */
export interface Bundles {
  /**
   * Steps that make a folder what is asked for; files that are right already stay.
   * @throws UsageError and RefusedError for what can be known wrong before anything is written
   */
  plan(request: BundleRequest, clock: Clock): Promise<BundlePlan>;
  /** @throws UsageError code BAD_BUNDLE with every problem there is */
  verify(folder: string, needs: BundleNeeds, signal: AbortSignal): Promise<BundleView>;
}
