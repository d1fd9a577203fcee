import { Secret } from '../domain/secret.js';
import type { TaskParam } from './types.js';

/** Shorter values would black out innocent words. */
const shortest = 8;

/**
 * A function that takes every secret parameter out of a text: as a whole, each line of a key, and in a configuration
 * the values that are secret by their name.
 */
export function scrubber(params: Readonly<Record<string, TaskParam>>): (text: string) => string {
  const words = Object.values(params).flatMap((param) => (param instanceof Secret ? secretWords(param.reveal()) : []));
  const longestFirst = [...new Set(words)].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((clean, word) => clean.replaceAll(word, '[secret]'), text);
}

function secretWords(secret: string): string[] {
  const lines = secret.split('\n').map((line) => line.trim());
  const bare = lines.filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line));
  const named = lines.flatMap((line) => {
    const value = /^[-\w ]*(?:token|secret|password|key)[-\w]*: *(["']?)(.+)\1$/i.exec(line)?.[2];
    // A token's password may appear without the rest of it.
    return value === undefined ? [] : [value, value.split(':').at(-1)!];
  });
  return [secret, secret.trim(), ...bare, ...named].filter((word) => word.length >= shortest);
}
