import type { JsonSchema } from '../domain/source/json-schema.js';
import { isThere, member } from './template/helpers.js';

/** A condition on options: `dns.provider=cloudflare|hetzner`, `dns.provider`, `cert-manager:dns.provider`. */
export interface When {
  /** Whose options; undefined: the component's own. */
  readonly component: string | undefined;
  readonly path: readonly string[];
  /** Undefined: it is enough that there is something. */
  readonly values: readonly string[] | undefined;
}

export const whenPattern = /^([a-z][-a-z0-9]*:)?[A-Za-z][-A-Za-z0-9]*(\.[A-Za-z][-A-Za-z0-9]*)*(=[^=]+)?$/;

/** Reads what `whenPattern` matches. */
export function readWhen(text: string): When {
  const [left = '', right] = text.split('=');
  const [first = '', second] = left.split(':');
  return {
    component: second === undefined ? undefined : first,
    path: (second ?? first).split('.'),
    values: right?.split('|').map((value) => value.trim()),
  };
}

/** Options of a component that is on; undefined where it is off. */
export type OptionsOf = (component: string) => Readonly<Record<string, unknown>> | undefined;

/** Whether a condition holds; one that was never named does. */
export function whenHolds(
  text: string | undefined,
  own: Readonly<Record<string, unknown>>,
  optionsOf: OptionsOf,
): boolean {
  if (text === undefined) return true;
  const { component, path, values } = readWhen(text);
  const options = component === undefined ? own : optionsOf(component);
  const value = path.reduce<unknown>(member, options);
  if (values === undefined) return isThere(value);
  return (Array.isArray(value) ? value : [value]).some((entry) => values.includes(String(entry)));
}

/** For people: `dns.provider`, `dns.provider to be cloudflare or hetzner`. */
export function whenText(text: string): string {
  const { component, path, values } = readWhen(text);
  const whose = component === undefined ? '' : ` of ${component}`;
  const name = path.join('.') + whose;
  return values === undefined ? name : `${name} to be ${values.join(' or ')}`;
}

/** Whether options of this schema can have something at the path. */
export function mayHave(schema: JsonSchema, path: readonly string[]): boolean {
  let here: JsonSchema | undefined = schema;
  for (const part of path) {
    const properties: Readonly<Record<string, JsonSchema>> = here?.properties ?? {};
    const next: JsonSchema | undefined = Object.hasOwn(properties, part) ? properties[part] : undefined;
    if (next === undefined) return here?.additionalProperties !== false;
    here = next;
  }
  return true;
}
