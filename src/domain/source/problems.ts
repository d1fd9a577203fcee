import type { core } from 'zod';

import { nearest } from '../nearest.js';
import type { SpecProblem } from '../spec/rules.js';
import { schemaAt, type JsonSchema } from './json-schema.js';

type Issue = core.$ZodIssue;
type Path = readonly (string | number)[];

/** A value as it is shown in an error: short, on one line, safe with circular ones. */
export function shortValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value as number | boolean}`;
  return text.length <= 60 ? text : `${text.slice(0, 56)}…${typeof value === 'string' ? '"' : ''}`;
}

/** `pools[0].labels.tier`; keys with other than letters, digits and dashes are quoted. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][-A-Za-z0-9_]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

function valueAt(input: unknown, path: Path): unknown {
  let here = input;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

/** What the schema's issues mean, in words. Pure. */
export function describeIssues(issues: readonly Issue[], input: unknown, schema: JsonSchema): SpecProblem[] {
  return issues.flatMap((issue) => describe(issue, [], input, schema));
}

function describe(issue: Issue, base: Path, input: unknown, schema: JsonSchema): SpecProblem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  const value = valueAt(input, path);
  const refused = (allowed: string): SpecProblem[] => [
    { path, message: `${shortValue(value)} is not allowed: ${allowed}` },
  ];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], schema));
  if (issue.code === 'invalid_key')
    return [{ path, message: `not allowed: ${issue.issues[0]?.message ?? issue.message}`, atKey: true }];
  if (value === undefined) return [{ path, message: 'required, but missing' }];
  if (value === null) return [{ path, message: `has no value: ${desired(issue)}, or leave the key out` }];
  switch (issue.code) {
    case 'invalid_type':
      return refused(`${desired(issue)}${typeHint(issue.expected, value)}`);
    case 'invalid_value':
      return refused(oneOf(issue.values, value));
    case 'too_small':
      return refused(issue.origin === 'string' ? 'some text' : bound('at least', issue.minimum, issue.origin));
    case 'too_big':
      return refused(/^Too big/.test(issue.message) ? bound('at most', issue.maximum, issue.origin) : issue.message);
    case 'invalid_union':
      return issue.message === 'Invalid input'
        ? describeUnion(issue.errors, path, input, schema, refused)
        : refused(`${issue.message}${typeHint('number', value)}`);
    case 'invalid_format':
    case 'custom':
    case 'not_multiple_of':
    case 'invalid_element':
      return refused(issue.message);
  }
}

/** The issues of the branch whose kind of value was given; else what every branch would take. */
function describeUnion(
  branches: readonly (readonly Issue[])[],
  path: Path,
  input: unknown,
  schema: JsonSchema,
  refused: (allowed: string) => SpecProblem[],
): SpecProblem[] {
  const atRoot = (issue: Issue) => issue.path.length === 0;
  const fitting = branches.filter((issues) => !issues.some((issue) => atRoot(issue) && issue.code === 'invalid_type'));
  const [only] = fitting;
  const own = fitting.flat().find((issue) => issue.code === 'custom');
  if (only && (fitting.length === 1 || own))
    return (own ? [own] : only).flatMap((issue) => describe(issue, path, input, schema));
  const flat = (fitting.length > 0 ? fitting : branches).flat();
  const value = valueAt(input, path);
  const literals = flat.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(String) : []));
  const near = typeof value === 'string' ? nearest(value, literals) : undefined;
  return refused(
    `${[...new Set(flat.map(desired))].join(', or ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

function desired(issue: Issue): string {
  if (issue.code === 'invalid_type') return kinds[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return oneOf(issue.values, undefined);
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input')
    return [...new Set(issue.errors.flat().map(desired))].join(', or ');
  return issue.message;
}

function typeHint(expected: string, value: unknown): string {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return `; write it in quotes`;
  const numeric = typeof value === 'string' && /^\d+$/.test(value);
  if (numeric && (expected === 'int' || expected === 'number')) return '; write it without quotes';
  return '';
}

function oneOf(values: readonly unknown[], value: unknown): string {
  const near = typeof value === 'string' ? nearest(value, values.map(String)) : undefined;
  const list = values.map(String).join(', ');
  return `${values.length === 1 ? list : `one of ${list}`}${near === undefined || values.length === 1 ? '' : `; did you mean ${near}?`}`;
}

function bound(word: string, limit: number | bigint, origin: string): string {
  const entries = origin === 'array' || origin === 'set' ? (limit === 1 ? ' entry' : ' entries') : '';
  return `${word} ${limit}${entries}`;
}

function unknownKey(path: Path, schema: JsonSchema): SpecProblem {
  const key = String(path.at(-1));
  const known = Object.keys(schemaAt(schema, path.slice(0, -1))?.properties ?? {});
  const near = nearest(key, known);
  if (near !== undefined) return { path, message: `unknown key; did you mean ${near}?`, atKey: true };
  return { path, message: `unknown key; known here: ${known.join(', ')}`, atKey: true };
}
