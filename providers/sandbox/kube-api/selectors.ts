import type { Obj } from './objects.js';
import { badRequest } from './status.js';

type Labels = Readonly<Record<string, string>>;

/** Label selectors as in query strings: equality and set based. */
export function labelSelector(text: string | null): (labels: Labels) => boolean {
  if (!text) return () => true;
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const tests = parts.map((part) => {
    const set = /^\s*([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(part);
    if (set) {
      const values = set[3]!.split(',').map((value) => value.trim());
      return (labels: Labels) => values.includes(labels[set[1]!] ?? '\u0000') === (set[2] === 'in');
    }
    if (/===|!==/.test(part)) throw badRequest("unable to parse requirement: found '=', expected: identifier");
    const equal = /^\s*([^\s!=]+)\s*(==?|!=)\s*([^\s]*)\s*$/.exec(part);
    if (equal) return (labels: Labels) => (labels[equal[1]!] === equal[3]) === (equal[2] !== '!=');
    const exists = /^\s*(!?)([^\s!=]+)\s*$/.exec(part);
    if (!exists) throw badRequest(`unable to parse requirement: ${part}`);
    return (labels: Labels) => exists[2]! in labels === (exists[1] === '');
  });
  return (labels) => tests.every((test) => test(labels));
}

/** A LabelSelector object: matchLabels and matchExpressions. */
export function matchesSelector(selector: unknown, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: Labels;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const own = labels[key];
      if (operator === 'In') return own !== undefined && values.includes(own);
      if (operator === 'NotIn') return own === undefined || !values.includes(own);
      return operator === 'Exists' ? own !== undefined : own === undefined;
    })
  );
}

/** A LabelSelector object as a query writes it, in the order of keys. */
export function labelTexts(selector: unknown): string {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: Labels;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return [key, key] as const;
    if (operator === 'DoesNotExist') return [key, `!${key}`] as const;
    return [key, `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`] as const;
  });
  return [...Object.entries(matchLabels).map(([key, value]) => [key, `${key}=${value}`] as const), ...expressions]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, shown]) => shown)
    .join(',');
}

/** `metadata.name=a,spec.nodeName!=b`: any dotted path is read, as the fields that clients ask for are few. */
export function fieldSelector(text: string | null): (object: Obj) => boolean {
  if (!text) return () => true;
  const tests = text.split(',').map((part) => {
    const match = /^([\w.]+)(==?|!=)(.*)$/.exec(part);
    if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    const [, path, operator, desired] = match;
    return (object: Obj): boolean => {
      const value = path!
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
      return (
        ((typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '') ===
          desired) ===
        (operator !== '!=')
      );
    };
  });
  return (object) => tests.every((test) => test(object));
}
