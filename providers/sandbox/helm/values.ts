import { parse } from 'yaml';

import { isMap } from '../kube-api/objects.js';
import type { Values } from './types.js';

/** As helm lays values over a chart's own: maps merge, everything else replaces, null takes a default away. */
export function mergeValues(base: Values, over: Values): Values {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete result[key];
    else if (isMap(value)) {
      const below = result[key];
      result[key] = mergeValues(isMap(below) ? below : {}, value);
    } else result[key] = value;
  }
  return result;
}

/** Values of several YAML texts, later ones over earlier ones. @throws Error in the parser's words */
export function readValues(texts: readonly string[]): Values {
  return texts.reduce<Values>((values, text) => {
    const parsed: unknown = parse(text) ?? {};
    if (!isMap(parsed)) throw new Error('cannot unmarshal the values: not a map');
    return overlay(values, parsed);
  }, {});
}

/** Of two files of values: a null stays, for it takes the chart's default away later. */
function overlay(base: Values, over: Values): Values {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isMap(value) && isMap(below) ? overlay(below, value) : value;
  }
  return result;
}

/** A `--set` as a map: `a.b=1`. */
export function setValue(path: string, value: unknown): Values {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : setValue(rest.join('.'), value) };
}

/** Reads a value by its path; undefined where there is none. */
export const at = (values: Values, path: string): unknown =>
  path.split('.').reduce<unknown>((here, key) => (isMap(here) ? here[key] : undefined), values);

export const isOn = (values: Values, path: string): boolean => at(values, path) === true;

export const textAt = (values: Values, path: string, otherwise = ''): string => {
  const value = at(values, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
};

export const numberAt = (values: Values, path: string, otherwise: number): number => {
  const value = at(values, path);
  return typeof value === 'number' ? value : otherwise;
};

export const mapAt = (values: Values, path: string): Values => {
  const value = at(values, path);
  return isMap(value) ? value : {};
};

export const listAt = (values: Values, path: string): readonly unknown[] => {
  const value = at(values, path);
  return Array.isArray(value) ? value : [];
};
