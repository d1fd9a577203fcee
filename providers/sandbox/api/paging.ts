import { ApiError } from './errors.js';
import { type Labels, parseSelector } from './labels.js';

export interface Listed {
  readonly id: number;
  readonly name?: string | null;
  readonly labels?: Labels;
}

/** One page of a list with filters, order and `meta`, as every list of the API has them. */
export function page<T extends Listed>(
  key: string,
  all: readonly T[],
  query: URLSearchParams,
  show: (item: T) => unknown,
): { body: Record<string, unknown> } {
  const name = query.get('name');
  const selector = query.get('label_selector');
  const matches = selector ? parseSelector(selector) : () => true;
  const found = all.filter((item) => (name === null || item.name === name) && matches(item.labels ?? {}));
  const sorted = [...found].sort(order(query.getAll('sort')));
  const perPage = whole(query.get('per_page'), 25, 50);
  const number = whole(query.get('page'), 1, Number.MAX_SAFE_INTEGER);
  const last = Math.max(1, Math.ceil(sorted.length / perPage));
  const items = sorted.slice((number - 1) * perPage, number * perPage);
  return {
    body: {
      [key]: items.map(show),
      meta: {
        pagination: {
          page: number,
          per_page: perPage,
          previous_page: number > 1 ? number - 1 : null,
          next_page: number < last ? number + 1 : null,
          last_page: last,
          total_entries: sorted.length,
        },
      },
    },
  };
}

function whole(text: string | null, fallback: number, most: number): number {
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new ApiError(400, 'invalid_input', 'page and per_page are whole numbers from 1 up');
  return Math.min(value, most);
}

function order(sorts: readonly string[]): (a: Listed, b: Listed) => number {
  const keys = sorts.map((sort) => sort.split(':') as [string, string?]);
  const read = (item: Listed, field: string): string | number => {
    const value = (item as unknown as Record<string, unknown>)[field];
    return typeof value === 'number' || typeof value === 'string' ? value : '';
  };
  return (a, b) => {
    for (const [field, direction] of keys) {
      const [x, y] = [read(a, field), read(b, field)];
      if (x !== y) return (x < y ? -1 : 1) * (direction === 'desc' ? -1 : 1);
    }
    return a.id - b.id;
  };
}
