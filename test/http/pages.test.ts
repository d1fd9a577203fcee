import { describe, expect, it } from 'vitest';

import { allPages } from '../../src/http/pages.js';

describe('reading a list page by page', () => {
  it('ends with the page that names no next one', async () => {
    const pages: Record<string, { items: number[]; size: number; next: string | undefined }> = {
      '': { items: [1, 2], size: 9, next: 'b' },
      b: { items: [3], size: 9, next: undefined },
    };
    expect(await allPages('', async (page: string) => pages[page]!)).toEqual([1, 2, 3]);
  });

  it('a page that leads back to an earlier one is an error, not a loop', async () => {
    const asked: number[] = [];
    const read = async (page: number) => (
      asked.push(page),
      { items: [page], size: 9, next: page === 3 ? 2 : page + 1 }
    );
    await expect(allPages<number, number>(1, read)).rejects.toThrow('page 2 follows itself');
    expect(asked).toEqual([1, 2, 3]);
  });

  it('a list with ever new pages is given up at the bound', async () => {
    const read = async (page: number) => ({ items: [page], size: 9, next: page + 1 });
    await expect(allPages<number, number>(1, read, { pages: 7 })).rejects.toThrow('it has more than 7 pages');
  });

  it('a list whose pages are too large together is given up, however small each is', async () => {
    let read = 0;
    const ask = async (page: number) => ({ items: [++read], size: 2 ** 19, next: page + 1 });
    await expect(allPages<number, number>(1, ask, { size: 2 ** 20 })).rejects.toThrow(
      'its pages are larger than 1 MiB together',
    );
    expect(read).toBe(3);
  });
});
