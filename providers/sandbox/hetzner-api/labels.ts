import { invalidField } from './errors.js';

export type Labels = Readonly<Record<string, string>>;

/** Whether labels match a selector. */
export type Selector = (labels: Labels) => boolean;

const word = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Why a key can't be a label's, or undefined: `[prefix/]name`, the prefix a DNS subdomain. */
export function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (!word.test(name)) return `label key '${key}' is not correctly formatted`;
  if (prefix === undefined) return undefined;
  if (prefix === 'hetzner.cloud') return `label key prefix 'hetzner.cloud/' is reserved`;
  if (prefix.length > 253 || !dnsSubdomain.test(prefix)) return `label key '${key}' is not correctly formatted`;
  return undefined;
}

export const valueProblem = (value: string): string | undefined =>
  value === '' || word.test(value) ? undefined : `label value '${value}' is not correctly formatted`;

/** @throws ApiError invalid_input naming `labels` and every problem. */
export function checkLabels(labels: Labels): void {
  const problems = Object.entries(labels).flatMap(([key, value]) =>
    [keyProblem(key), valueProblem(value)].filter((problem) => problem !== undefined),
  );
  if (problems.length > 0) throw invalidField('labels', ...problems);
}

const setTerm = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equality = /^([^!=\s]+)\s*(==|=|!=)\s*(\S*)$/;

/** Splits at the commas that are not inside parentheses. */
function terms(selector: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < selector.length; i++) {
    const char = selector[i];
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      found.push(selector.slice(start, i));
      start = i + 1;
    }
  }
  return [...found, selector.slice(start)].map((term) => term.trim());
}

function parseTerm(term: string): Selector | undefined {
  const set = setTerm.exec(term);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    if (keyProblem(key) || values.some((value) => valueProblem(value))) return undefined;
    const among = (labels: Labels): boolean => Object.hasOwn(labels, key) && values.includes(labels[key] ?? '');
    return operator === 'in' ? among : (labels) => !among(labels);
  }
  const equal = equality.exec(term);
  if (equal) {
    const [, key = '', operator, value = ''] = equal;
    if (keyProblem(key) || valueProblem(value)) return undefined;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  if (term.startsWith('!')) {
    const key = term.slice(1).trim();
    return keyProblem(key) ? undefined : (labels) => !Object.hasOwn(labels, key);
  }
  return keyProblem(term) ? undefined : (labels) => Object.hasOwn(labels, term);
}

/**
 * Reads a label selector: `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas.
 * As in Kubernetes, `!=` and `notin` also match what does not have the key. An empty selector matches everything.
 * @returns undefined when it can't be read.
 */
export function parseSelector(selector: string): Selector | undefined {
  if (selector.trim() === '') return () => true;
  const parsed = terms(selector).map(parseTerm);
  const readable = parsed.filter((term) => term !== undefined);
  if (readable.length !== parsed.length) return undefined;
  return (labels) => readable.every((matches) => matches(labels));
}

/** @throws ApiError invalid_input naming `field`. */
export function readSelector(selector: string, field = 'label_selector'): Selector {
  const parsed = parseSelector(selector);
  if (!parsed) throw invalidField(field, 'is not a valid label selector');
  return parsed;
}
