/**
 * Orders texts by code point: the same under every locale. `localeCompare` would load the rules of all languages first, which takes
 * longer than all else that a short command does with names.
 */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
