import type { Boundary } from '../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../src/domain/clock.js';
import type { ProviderContext } from '../../../src/provider/package.js';
import { createRemote } from '../../../src/remote/index.js';

/** What the composition root hands to a package of this name, with nothing in the environment. */
export const contextWith = (
  name: string,
  { boundary, ...given }: { readonly boundary: Boundary; readonly signal: AbortSignal; readonly stateFolder?: string },
): ProviderContext => ({
  section: { name },
  remote: createRemote({ clock: systemClock, random: systemRandom, boundary }),
  secret: () => undefined,
  variable: () => undefined,
  stateFolder: '',
  clock: systemClock,
  random: systemRandom,
  boundary,
  log: () => undefined,
  ...given,
});
