import { isMap } from './template/helpers.js';

type Values = Readonly<Record<string, unknown>>;

/**
 * Values laid over others: maps are joined, lists and scalars replaced. A null takes out what is under it; where there
 * is nothing under it, it stays, and helm takes out the chart's own default.
 */
export function mergeValues(under: Values, over: Values): Values {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    if (value === null && below !== undefined && below !== null) merged.delete(key);
    else merged.set(key, isMap(value) && isMap(below) ? mergeValues(below, value) : value);
  }
  return Object.fromEntries(merged);
}
