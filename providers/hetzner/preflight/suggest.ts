import { closest, distance } from 'fastest-levenshtein';

/** The nearest of what is known, as a sentence to put behind a message; empty when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const near = closest(word, [...known]);
  return distance(word, near) <= Math.max(2, Math.floor(word.length / 3)) ? ` Did you mean ${near}?` : '';
}
