import type { ErrorObject } from 'ajv/dist/2020.js';

import { nearest } from '../domain/nearest.js';
import type { JsonSchema } from '../domain/source/json-schema.js';
import { shortValue } from '../domain/source/problems.js';
import type { CheckedOptions, OptionProblem } from './types.js';

/** Settings that every component has; no option may have such a name. */
export const settingNames = ['version', 'pool', 'storage', 'values', 'checkValues', 'secrets'] as const;

/** RFC 2606: domains of examples. Let’s Encrypt refuses e-mails at them alone, certificates also below them. */
const mailOfExamples = /@example\.(com|net|org)$/i;
const domainOfExamples = /(^|\.)example\.(com|net|org)$/i;
/** Endings that no public suffix has (RFC 2606, RFC 6761, RFC 8375 and what networks use inside): no authority certifies them. */
const privateEnding =
  /(^|\.)(example|test|invalid|local|localhost|localdomain|internal|intranet|lan|home|corp|onion|alt|arpa)$/i;
/** Nor what is no name of the DNS below a registry: one word, an address, or what ends in digits. */
const isPrivate = (domain: string): boolean =>
  privateEnding.test(domain) || !/^[^.\s]+(\.[^.\s]+)*\.([a-z]{2,}|xn--[a-z0-9-]+)$/i.test(domain);

/** Formats that options may name, and what each is called in messages. */
const formats: Readonly<Record<string, { test: (text: string) => boolean; words: string }>> = {
  email: { test: (text) => /^[^@\s]+@[^@\s]+$/.test(text), words: 'an e-mail address' },
  'public-email': {
    // What is no address at all is told as that.
    test: (text) => !text.includes('@') || (!mailOfExamples.test(text) && !isPrivate(text.split('@').at(-1)!)),
    words: 'an e-mail address of yours; Let’s Encrypt opens no account for an example or a private name',
  },
  'public-domain': {
    test: (text) => !domainOfExamples.test(text) && !isPrivate(text),
    words: 'a domain of yours; Let’s Encrypt certifies no example and no private name',
  },
};

/** How text is held to each format. */
export const formatTests = Object.fromEntries(Object.entries(formats).map(([name, { test }]) => [name, test]));

/** A schema as a function: compiled by ajv, now or when the program was built. */
export interface Validate {
  (data: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/**
 * A check of a component's own options that also fills in defaults.
 * @param validate makes the compiled schema, when it is first used
 * @param unsound makes the error to throw for a schema that is none
 */
export function optionsCheck(
  validate: () => Validate,
  unsound: (reason: string) => Error,
): (given: Readonly<Record<string, unknown>>) => CheckedOptions {
  let compiled: Validate | undefined;
  return (given) => {
    try {
      compiled ??= validate();
    } catch (error) {
      throw unsound(error instanceof Error ? error.message : 'it cannot be read');
    }
    const options = structuredClone(given) as Record<string, unknown>;
    const sound = compiled(options);
    return { options, problems: sound ? [] : describe(compiled.errors ?? []) };
  };
}

/** @param alsoKnown keys that are known at the top beside those of the schema */
export function describe(errors: readonly ErrorObject[], alsoKnown: readonly string[] = settingNames): OptionProblem[] {
  // A condition's own complaint adds nothing to that of what it asks for, nor does each of several choices.
  const telling = errors.filter(
    ({ keyword, schemaPath, data }) =>
      keyword !== 'if' && !(/\/(anyOf|oneOf)\/\d+\//.test(schemaPath) && (typeof data !== 'object' || data === null)),
  );
  const problems = telling.map((error) => describeOne(error, alsoKnown));
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const id = JSON.stringify([path, message]);
    return seen.has(id) ? false : seen.add(id);
  });
}

function describeOne(error: ErrorObject, alsoKnown: readonly string[]): OptionProblem {
  const path = pathOf(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  const schema = error.parentSchema as JsonSchema | undefined;
  const value: unknown = error.data;
  const refused = (allowed: string): OptionProblem => ({
    path,
    message:
      value === null
        ? `has no value: ${allowed}, or leave the key out`
        : `${shortValue(value)} is not allowed: ${allowed}`,
  });
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      return unknownKey([...path, key], Object.keys(schema?.properties ?? {}), alsoKnown);
    }
    case 'required':
      return { path: [...path, String(params['missingProperty'])], message: 'required, but missing' };
    case 'dependentRequired':
      return {
        path: [...path, String(params['missingProperty'])],
        message: `required with ${String(params['property'])}, but missing`,
      };
    case 'type':
      return refused(kinds(schema?.type));
    case 'enum':
      return refused(oneOf(params['allowedValues'], value));
    case 'const':
      return refused(String(params['allowedValue']));
    case 'minimum':
      return refused(`at least ${String(params['limit'])}`);
    case 'maximum':
      return refused(`at most ${String(params['limit'])}`);
    case 'minLength':
      return refused(params['limit'] === 1 ? 'some text' : `at least ${String(params['limit'])} characters`);
    case 'maxLength':
      return refused(`at most ${String(params['limit'])} characters`);
    case 'minItems':
      return refused(`at least ${entries(params['limit'])}`);
    case 'maxItems':
      return refused(`at most ${entries(params['limit'])}`);
    case 'uniqueItems':
      return refused('each only once');
    case 'pattern':
      return refused(`text that matches ${String(params['pattern'])}`);
    case 'anyOf':
    case 'oneOf': {
      const types = choices(schema?.[error.keyword]);
      return refused(types.length > 0 ? kinds([...new Set(types)]) : (error.message ?? error.keyword));
    }
    case 'format':
      return refused(formats[String(params['format'])]?.words ?? `text in the format ${String(params['format'])}`);
    case 'propertyNames':
      return {
        path: [...path, String(params['propertyName'])],
        message: 'not allowed as a name here',
        atKey: true,
      };
    default:
      return refused(error.message ?? error.keyword);
  }
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** A key that nobody knows, and what was most likely meant. */
export function unknownKey(
  path: readonly (string | number)[],
  options: readonly string[],
  alsoKnown: readonly string[] = settingNames,
): OptionProblem {
  const known = path.length === 1 ? [...options, ...alsoKnown] : options;
  const near = nearest(String(path.at(-1)), known);
  const said = near === undefined ? `known here: ${listed(known)}` : `did you mean ${near}?`;
  return { path, message: `unknown key; ${said}`, atKey: true };
}

/** Names that a line has room for. */
const mostNames = 24;

function listed(names: readonly string[]): string {
  if (names.length <= mostNames) return names.join(', ') || 'nothing';
  return `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;
}

const kindWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  null: 'nothing',
};

function choices(schemas: unknown): string[] {
  if (!Array.isArray(schemas)) return [];
  const types = (schemas as readonly JsonSchema[]).map(({ type }) => type);
  return types.includes(undefined) ? [] : types.flatMap((type) => type ?? []);
}

function kinds(type: JsonSchema['type']): string {
  const all = typeof type === 'string' ? [type] : (type ?? []);
  return all.map((kind) => kindWords[kind] ?? kind).join(', or ');
}

function oneOf(allowed: unknown, value: unknown): string {
  const values = Array.isArray(allowed) ? allowed.map(String) : [];
  const near = typeof value === 'string' ? nearest(value, values) : undefined;
  return `one of ${values.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

const entries = (limit: unknown): string => `${String(limit)} ${limit === 1 ? 'entry' : 'entries'}`;
