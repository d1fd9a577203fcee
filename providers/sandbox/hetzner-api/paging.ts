import { invalidField } from './errors.js';

/** One page of a list, with what the answer says about the others. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly meta: {
    readonly pagination: {
      readonly page: number;
      readonly per_page: number;
      readonly previous_page: number | null;
      readonly next_page: number | null;
      readonly last_page: number | null;
      readonly total_entries: number | null;
    };
  };
}

const defaultPerPage = 25;
const maxPerPage = 50;

function count(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null || text === '') return fallback;
  if (!/^\d+$/.test(text) || Number(text) < 1) throw invalidField(name, 'must be a positive integer');
  return Number(text);
}

/** `page` counts from 1; `per_page` is 25 unless asked, and never more than 50. A page after the last is empty. */
export function paginate<T>(items: readonly T[], query: URLSearchParams): Page<T> {
  const page = count(query, 'page', 1);
  const perPage = Math.min(count(query, 'per_page', defaultPerPage), maxPerPage);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    meta: {
      pagination: {
        page,
        per_page: perPage,
        previous_page: page > 1 ? page - 1 : null,
        next_page: page < last ? page + 1 : null,
        last_page: last,
        total_entries: items.length,
      },
    },
  };
}

/** The `Link` header of a page: the request's own address with other page numbers. */
export function linkHeader(url: URL, { meta: { pagination } }: Page<unknown>): string {
  const to = (page: number | null, rel: string): string[] => {
    if (page === null) return [];
    const target = new URL(url);
    target.searchParams.set('page', String(page));
    target.searchParams.set('per_page', String(pagination.per_page));
    return [`<${target.href}>; rel="${rel}"`];
  };
  return [
    ...to(pagination.previous_page, 'prev'),
    ...to(pagination.next_page, 'next'),
    ...to(pagination.last_page, 'last'),
  ].join(', ');
}

type Sortable = string | number | null;

/**
 * `sort=field[:asc|:desc]`, the first one weighing most; what is equal stays in order of id.
 * @param fields what may be named, with how to read it.
 * @throws ApiError invalid_input for a field that can't be sorted by.
 */
export function sorted<T>(
  items: readonly T[],
  query: URLSearchParams,
  fields: Readonly<Record<string, (item: T) => Sortable>>,
): T[] {
  const orders = query.getAll('sort').map((text) => {
    const [name = '', direction = 'asc', ...rest] = text.split(':');
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!read || rest.length > 0 || !['asc', 'desc'].includes(direction)) throw invalidField('sort', 'is invalid');
    return { read, sign: direction === 'desc' ? -1 : 1 };
  });
  return [...items].sort((a, b) => {
    for (const { read, sign } of orders) {
      const order = compare(read(a), read(b));
      if (order !== 0) return order * sign;
    }
    return 0;
  });
}

function compare(a: Sortable, b: Sortable): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
