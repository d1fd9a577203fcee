/** A list whose pages come to no end. */
export class EndlessList extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EndlessList';
  }
}

export interface Page<T, Next> {
  readonly items: readonly T[];
  /** What to ask for the next page with; undefined after the last one. */
  readonly next: Next | undefined;
}

/** Far more than any list of ours has. */
const pagesAtMost = 1_000;

/**
 * All items of a list that comes in pages.
 * @param first what to ask for the first page with
 * @throws EndlessList when a page is named twice, or there are more than any list can have.
 */
export async function allPages<T, Next extends string | number>(
  first: Next,
  read: (page: Next) => Promise<Page<T, Next>>,
  atMost = pagesAtMost,
): Promise<T[]> {
  const items: T[] = [];
  const asked = new Set<Next>();
  for (let page: Next | undefined = first; page !== undefined;) {
    if (asked.has(page)) throw new EndlessList(`page ${page} follows itself`);
    if (asked.size >= atMost) throw new EndlessList(`it has more than ${atMost} pages`);
    asked.add(page);
    const answer: Page<T, Next> = await read(page);
    for (const item of answer.items) items.push(item);
    page = answer.next;
  }
  return items;
}
