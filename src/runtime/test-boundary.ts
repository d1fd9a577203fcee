import { existsSync, writeFileSync } from 'node:fs';

import { openBoundary, type Boundary, type BoundaryKind } from '../domain/boundary.js';
import type { Clock } from '../domain/clock.js';
import { UsageError } from '../errors/index.js';

const lookEveryMs = 50;

/** One order to a boundary, from the variable SLIPWAY_TEST_BOUNDARY (a JSON list of these). For tests only. */
interface Order {
  readonly when: 'before' | 'after';
  readonly kind: BoundaryKind;
  /** Regular expression on the point's `what`. */
  readonly what: string;
  /** Which passing it is about; 1 is the first. Default 1. */
  readonly nth?: number;
  /**
   * `kill` is SIGKILL to this very process; a number delays by that many milliseconds; `until` delays until that file is
   * there, once it has made the file `reached`; `fail` throws.
   */
  readonly act: 'kill' | 'fail' | number | { readonly until: string; readonly reached?: string };
}

/** The boundary that the environment asks for: open in daily life. */
export function boundaryFrom(text: string | undefined, clock: Clock): Boundary {
  if (text === undefined || text === '') return openBoundary;
  const orders = parse(text).map((order) => ({ ...order, pattern: new RegExp(order.what), passed: 0 }));
  return async (point) => {
    for (const order of orders) {
      if (order.when !== point.when || order.kind !== point.kind || !order.pattern.test(point.what)) continue;
      order.passed += 1;
      if (order.passed !== (order.nth ?? 1)) continue;
      if (order.act === 'kill') process.kill(process.pid, 'SIGKILL');
      else if (order.act === 'fail') throw new Error(`stopped by a test ${point.when} ${point.what}`);
      else if (typeof order.act === 'number') await clock.sleep(order.act);
      else {
        if (order.act.reached !== undefined) writeFileSync(order.act.reached, '');
        while (!existsSync(order.act.until)) await clock.sleep(lookEveryMs);
      }
    }
  };
}

function parse(text: string): readonly Order[] {
  try {
    return JSON.parse(text) as Order[];
  } catch (error) {
    throw new UsageError('SLIPWAY_TEST_BOUNDARY is not a JSON list.', { code: 'BAD_BOUNDARY', cause: error });
  }
}
