import type { ComponentFile } from './component-file.js';
import type { Validate } from './options.js';

/** One of Slipway's own components, as the build read and checked it. */
export interface PreparedComponent {
  readonly name: string;
  readonly file: ComponentFile;
  /** Its files, from its folder, with slashes. */
  readonly paths: readonly string[];
  /** Holds its options against their schema. */
  readonly validate: Validate;
}

/**
 * Slipway's own components as they were when the program was built: reading and checking them all takes more time than
 * most commands. The build puts them here (`scripts/bundle.ts`); undefined where the program runs from its source.
 */
export function builtIn(): readonly PreparedComponent[] | undefined {
  return undefined;
}
