import { ApiError, invalid } from './errors.js';

export type Labels = Readonly<Record<string, string>>;

const key = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?\/)?[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?`;
const value = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?)?`;
const one = new RegExp(String.raw`^\s*(!)?(${key})\s*(?:(==?|!=)\s*(${value})|\s(in|notin)\s*\(([^)]*)\))?\s*$`);

/** The selector grammar: `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas. */
export function parseSelector(selector: string): (labels: Labels) => boolean {
  const parts = selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const tests = parts.map((part) => {
    const match = one.exec(part);
    if (!match) throw invalid('label_selector', `cannot read ${part}`);
    const [, not, name, operator, wanted = '', set, members = ''] = match;
    const values = members.split(',').map((member) => member.trim());
    return (labels: Labels): boolean => {
      const own = labels[name!];
      if (set === 'in') return own !== undefined && values.includes(own);
      if (set === 'notin') return own === undefined || !values.includes(own);
      if (operator === '!=') return own !== wanted;
      if (operator) return own === wanted;
      return not ? own === undefined : own !== undefined;
    };
  });
  return (labels) => tests.every((test) => test(labels));
}

/** @throws ApiError 422 for keys and values that the API does not take */
export function checkLabels(labels: unknown): Labels {
  if (labels === undefined) return {};
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    throw invalid('labels', 'must be an object');
  for (const [name, text] of Object.entries(labels)) {
    const fits = new RegExp(`^${key}$`).test(name) && typeof text === 'string' && new RegExp(`^${value}$`).test(text);
    if (!fits || name.startsWith('hetzner.cloud/'))
      throw new ApiError(422, 'invalid_input', `invalid label ${name}`, {
        fields: [{ name: 'labels', messages: [`invalid label ${name}`] }],
      });
  }
  return labels as Labels;
}
