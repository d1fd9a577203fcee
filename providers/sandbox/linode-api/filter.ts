import { invalid } from './errors.js';

type Filter = Readonly<Record<string, unknown>>;

const valueAt = (item: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], item);

/** A list holds what is asked for when one of its members is it. */
const equals = (value: unknown, wanted: unknown): boolean =>
  Array.isArray(value) ? value.includes(wanted) : value === wanted;

const compare = (a: unknown, b: unknown): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;

function holds(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return equals(value, wanted);
  return Object.entries(wanted as Filter).every(([operator, than]) => {
    switch (operator) {
      case '+gt':
        return compare(value, than) > 0;
      case '+gte':
        return compare(value, than) >= 0;
      case '+lt':
        return compare(value, than) < 0;
      case '+lte':
        return compare(value, than) <= 0;
      case '+neq':
        return !equals(value, than);
      case '+contains':
        return Array.isArray(value)
          ? value.some((one) => String(one).includes(String(than)))
          : String(value).includes(String(than));
      default:
        throw invalid(`Unknown operator ${operator}`, 'X-Filter');
    }
  });
}

function matches(item: object, filter: Filter, known: readonly string[]): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    if (key === '+order_by' || key === '+order') return true;
    if (key === '+and') return (wanted as Filter[]).every((one) => matches(item, one, known));
    if (key === '+or') return (wanted as Filter[]).some((one) => matches(item, one, known));
    if (!known.includes(key)) throw invalid(`Cannot filter on ${key}`, 'X-Filter');
    return holds(valueAt(item, key), wanted);
  });
}

/**
 * What of a list the header `X-Filter` asks for, in its order.
 * @throws LinodeError 400, field `X-Filter`
 */
export function filtered(
  items: readonly object[],
  header: string | undefined,
  known: readonly string[],
): readonly object[] {
  if (header === undefined || header === '') return items;
  let filter: Filter;
  try {
    filter = JSON.parse(header) as Filter;
  } catch {
    throw invalid('Cannot parse filter', 'X-Filter');
  }
  const found = items.filter((item) => matches(item, filter, known));
  const by = filter['+order_by'];
  if (typeof by !== 'string') return found;
  const turn = filter['+order'] === 'desc' ? -1 : 1;
  return [...found].sort((a, b) => turn * compare(valueAt(a, by), valueAt(b, by)));
}
