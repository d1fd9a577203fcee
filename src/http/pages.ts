import { sizeText } from './body.js';

/** A list whose pages come to no end. */
export class EndlessList extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EndlessList';
  }
}

export interface Page<T, Next> {
  readonly items: readonly T[];
  /** Characters of its answer. */
  readonly size: number;
  /** What to ask for the next page with; undefined after the last one. */
  readonly next: Next | undefined;
}

/** What a list may have; default: far more than any list of ours has. */
export interface ListBounds {
  readonly pages?: number | undefined;
  /** Characters of all its answers together. */
  readonly size?: number | undefined;
}

const pagesAtMost = 1_000;
const sizeAtMost = 256 * 2 ** 20;

/**
 * All items of a list that comes in pages.
 * @param first what to ask for the first page with
 * @throws EndlessList when a page is named twice, or there is more than any list can have.
 */
export async function allPages<T, Next extends string | number>(
  first: Next,
  read: (page: Next) => Promise<Page<T, Next>>,
  { pages = pagesAtMost, size: bound = sizeAtMost }: ListBounds = {},
): Promise<T[]> {
  const items: T[] = [];
  const asked = new Set<Next>();
  let size = 0;
  for (let page: Next | undefined = first; page !== undefined;) {
    if (asked.has(page)) throw new EndlessList(`page ${page} follows itself`);
    if (asked.size >= pages) throw new EndlessList(`it has more than ${pages} pages`);
    asked.add(page);
    const answer: Page<T, Next> = await read(page);
    size += answer.size;
    if (size > bound) throw new EndlessList(`its pages are larger than ${sizeText(bound)} together`);
    for (const item of answer.items) items.push(item);
    page = answer.next;
  }
  return items;
}
