import { distance } from 'fastest-levenshtein';

const plain = (text: string) => text.toLowerCase().replace(/[-_. :]/g, '');

/**
 * The candidate a person most likely meant: at most a third of its letters differ (at least one, at most three), case
 * and dashes aside, or it begins with what was typed. Undefined when nothing is that near.
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const desired = plain(typed);
  if (desired === '') return undefined;
  let best: { candidate: string; far: number } | undefined;
  for (const candidate of candidates) {
    const have = plain(candidate);
    const allowed = Math.min(3, Math.max(1, Math.floor(Math.max(have.length, desired.length) / 3)));
    const edits = distance(desired, have);
    const begins = desired.length >= 3 && have.startsWith(desired);
    const far = begins ? Math.min(edits, 1) : edits;
    if (far <= allowed && (best === undefined || far < best.far)) best = { candidate, far };
  }
  return best?.candidate;
}
