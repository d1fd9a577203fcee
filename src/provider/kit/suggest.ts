import { nearest } from '../../domain/nearest.js';

/** The nearest of what is known, as a sentence to put behind a message; empty when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}
