import { isMap } from '../objects.js';
import { badRequest, refusal, StatusError } from '../status.js';
import { type Duplicate, duplicatesInJson, duplicatesInYaml, keysInJson } from './duplicates.js';
import type { Shape } from './shape.js';
import { dotted, type Path, typed, unknownFields } from './unknown.js';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

const directives: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];

const optionsOf: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
};

/** What a client wants done about fields that nobody knows. @throws StatusError 422 */
export function fieldValidation(query: URLSearchParams, method: string): FieldValidation {
  const options = optionsOf[method];
  if (options === undefined) return 'Ignore';
  const asked = query.get('fieldValidation') ?? '';
  if (!directives.includes(asked)) {
    const known = directives.map((one) => `"${one}"`).join(', ');
    throw refusal({ group: 'meta.k8s.io', kind: options }, '', [
      { field: 'fieldValidation', message: `Unsupported value: "${asked}": supported values: ${known}` },
    ]);
  }
  return asked === '' ? 'Warn' : (asked as FieldValidation);
}

/** More is not told of one object. */
const toldAtMost = 100;

const unknownText = (path: Path): string => `unknown field ${JSON.stringify(dotted(path))}`;

/** What of a body is no field, or is one twice, as the server's decoders put it. */
export interface FieldFaults {
  readonly unknown: readonly Path[];
  /** Each for a warning of its own. */
  readonly warnings: readonly string[];
  /** All together, for a refusal. */
  readonly error: string | undefined;
}

export interface FieldSearch {
  /** The body as it came, where it is to be searched for keys that come twice. */
  readonly text?: string;
  readonly type?: string;
  /** Of a kind of one's own: those are decoded by other means. */
  readonly isCustom?: boolean;
  /** Paths that nobody is to blame for. */
  readonly except?: ReadonlySet<string>;
}

export function fieldFaults(
  shape: Shape | undefined,
  value: unknown,
  { text, type = '', isCustom = false, except }: FieldSearch = {},
): FieldFaults {
  const unknown = (shape ? unknownFields(shape, value) : []).filter((path) => !except?.has(dotted(path)));
  const isYaml = text !== undefined && type.includes('yaml') && !text.trimStart().startsWith('{');
  const unknownTexts = (isCustom ? sorted(unknown, shape!) : unknown).map(unknownText);
  if (isYaml) {
    const lines = duplicatesInYaml(text).map(setTwice);
    const whole = lines.length > 0 ? [`yaml: unmarshal errors:${lines.map((line) => `\n  ${line}`).join('')}`] : [];
    return faults(unknown, [...lines, ...unknownTexts], [...whole, ...unknownTexts]);
  }
  const { twice, places } = text === undefined ? nothing : keysInJson(text);
  const outside = unknown.map(dotted);
  const duplicates = twice
    .filter(({ path = '' }) => !outside.some((one) => isWithin(path, one)))
    .map(({ path, place = 0 }) => ({ place, text: `duplicate field ${JSON.stringify(path)}` }));
  if (isCustom) {
    const texts = [...duplicates.map((one) => one.text), ...unknownTexts];
    return faults(unknown, texts, texts);
  }
  // One reader tells of both, as it comes to them.
  const told = unknown.map((path) => ({ place: places.get(dotted(path)) ?? 0, text: unknownText(path) }));
  const texts = [...told, ...duplicates].sort((a, b) => a.place - b.place).map((one) => one.text);
  return faults(unknown, texts, texts);
}

const nothing: ReturnType<typeof keysInJson> = { twice: [], places: new Map() };

const setTwice = ({ line, key }: Duplicate): string => `line ${line}: key ${JSON.stringify(key)} already set in map`;

const isWithin = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

const faults = (unknown: readonly Path[], warnings: readonly string[], errors: readonly string[]): FieldFaults => ({
  unknown,
  warnings: warnings.slice(0, toldAtMost),
  error: errors.length === 0 ? undefined : `strict decoding error: ${errors.slice(0, toldAtMost).join(', ')}`,
});

/** The object's own metadata first, then what its schema does not have, then the metadata of objects inside it. */
function sorted(paths: readonly Path[], shape: Shape): readonly Path[] {
  const rank = (path: Path): number => {
    if (path[0] === 'metadata') return 0;
    return path.some((step, index) => step === 'metadata' && isEmbedded(shape, path.slice(0, index))) ? 2 : 1;
  };
  return [...paths].sort((a, b) => rank(a) - rank(b) || (dotted(a) < dotted(b) ? -1 : 1));
}

function isEmbedded(shape: Shape, path: Path): boolean {
  const inner = path.reduce<Shape | undefined>(
    (at, step) => (typeof step === 'string' ? at?.field(step) : at?.item()),
    shape,
  );
  return inner?.isEmbedded === true;
}

/**
 * Refuses an object for server-side apply that has fields which are not of its kind, whatever validation was asked for:
 * nobody can own them.
 * @throws StatusError 500
 */
export function refuseUntyped(shape: Shape | undefined, given: unknown, named: string): void {
  const unknown = shape ? unknownFields(shape, given) : [];
  // Of a map the first one is told.
  const told = unknown.filter(
    (path, index) => index === unknown.findIndex((other) => typed(other.slice(0, -1)) === typed(path.slice(0, -1))),
  );
  if (told.length === 0) return;
  const lines = told.map((path) => `${typed(path)}: field not declared in schema`);
  const all = lines.length === 1 ? lines[0]! : `errors:${lines.map((line) => `\n  ${line}`).join('')}`;
  throw new StatusError(500, '', `failed to create typed patch object (${named}): ${all}`);
}

/** Refuses an apply whose text has a key twice. @throws StatusError 400 */
export function refuseDuplicates(text: string): void {
  const lines = (text.trimStart().startsWith('{') ? duplicatesInJson(text) : duplicatesInYaml(text)).map(setTwice);
  if (lines.length === 0) return;
  const all = lines.map((line) => `\n  ${line}`).join('');
  throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:${all}`);
}

/** How Go prints a patch. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isMap(value))
    return `map[${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${key}:${goText(inner)}`)
      .join(' ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** @throws StatusError 422, which names no kind */
export function refusePatch(shown: string, error: string): never {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${error}`;
  throw new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}
