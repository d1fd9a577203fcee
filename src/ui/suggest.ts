import { closest, distance } from 'fastest-levenshtein';

/** The known word that was probably meant; undefined when none is near. */
export function suggestion(typed: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const near = closest(typed, known);
  // Two letters that changed places count as two edits.
  const allowed = Math.max(typed.length < 4 ? 1 : 2, Math.floor(typed.length / 3));
  return distance(typed, near) <= allowed ? near : undefined;
}
