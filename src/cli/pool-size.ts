import { Flags } from '@oclif/core';

import type { PoolSize } from '../domain/index.js';
import { UsageError } from '../errors/index.js';

export const standbyFlag = () =>
  Flags.integer({ description: 'How many more stand by, booted and prepared.', min: 0, max: 50 });

/** @throws UsageError code BAD_USAGE where neither is given */
export function poolSize({
  count,
  standby,
}: {
  readonly count?: number | undefined;
  readonly standby?: number | undefined;
}): PoolSize {
  if (count === undefined && standby === undefined)
    throw new UsageError('Neither a number of machines nor of standbys was given.', {
      code: 'BAD_USAGE',
      hint: 'Pass --count, --standby or both.',
    });
  return { ...(count === undefined ? {} : { count }), ...(standby === undefined ? {} : { standby }) };
}
