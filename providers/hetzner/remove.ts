import { z } from 'zod';

import { whileBusy } from '../../src/provider/kit/while-busy.js';
import type { CallOptions } from '../../src/provider/port.js';
import { type Hetzner, waits } from './context.js';
import { actionShape } from './wire.js';

/** Some deletes are done with their answer (204), others name the action that does them. */
const answer = z.object({ action: actionShape.nullish() });

/**
 * Resolves once the resource is gone, or was gone before.
 * @param busy further codes of something that is only just being released by another resource
 */
export async function removeResource(
  hetzner: Hetzner,
  path: string,
  busy: readonly string[],
  options: CallOptions,
): Promise<void> {
  const answered = await whileBusy(waits(hetzner, options), ['locked', ...busy], () =>
    hetzner.api.delete(path, answer, options),
  );
  if (answered?.action) await hetzner.actions.wait([answered.action], options);
}
