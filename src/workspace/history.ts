import { z } from 'zod';

import { openedEvent } from './journal.js';
import type { OperationSummary } from './types.js';

const line = z.looseObject({ at: z.string(), event: z.string() });
const outcomes = z.enum(['done', 'failed', 'interrupted']);

/**
 * What one journal tells. A line that is cut off, as a kill leaves it, is passed over.
 * @param id the journal's file name without its ending
 */
export function summarise(id: string, text: string): OperationSummary {
  const entries = text.split('\n').flatMap((raw) => {
    const entry = parse(raw);
    return entry ? [entry] : [];
  });
  const named = entries.find((entry) => entry.event === openedEvent) ?? entries.find((entry) => 'operation' in entry);
  const end = entries.findLast((entry) => entry.event === 'operation-finished');
  const outcome = outcomes.safeParse(end?.['outcome']).data;
  const count = (event: string): number => new Set(entries.filter((e) => e.event === event).map((e) => e['id'])).size;
  const planned = entries.flatMap((entry) =>
    entry.event === 'operation-started' && Array.isArray(entry['steps']) ? [entry['steps'].length] : [],
  );
  return {
    id,
    operation: typeof named?.['operation'] === 'string' ? named['operation'] : 'unknown',
    startedAt: entries[0]?.at ?? '',
    ...(outcome ? { finishedAt: end?.at } : {}),
    outcome: outcome ?? 'unfinished',
    steps: {
      done: count('step-done'),
      failed: count('step-failed'),
      total: planned.reduce((sum, steps) => sum + steps, 0),
    },
  };
}

function parse(raw: string): z.output<typeof line> | undefined {
  try {
    return line.safeParse(JSON.parse(raw)).data;
  } catch {
    return undefined;
  }
}
