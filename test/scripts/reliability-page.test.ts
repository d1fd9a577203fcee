import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
/** Rows of its tables, without their heads. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line) && !line.startsWith('| what goes wrong'));
const proofOf = (row: string) => /`(test\/[^`]+)` “([^”]+)”\s*\|$/.exec(row)?.slice(1) ?? [];
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

describe('the page on reliability', () => {
  it('has a proof in every row', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter((row) => proofOf(row).length !== 2)).toEqual([]);
  });

  it('names a test that exists as each proof, by its very title', () => {
    const missing = rows.map(proofOf).filter(([path = '', title = '']) => {
      if (!existsSync(join(root, path))) return true;
      const test = readFileSync(join(root, path), 'utf8');
      // As the first argument of a call, skipped nowhere for good.
      return !new RegExp(String.raw`(?<!skip|todo)\(\s*(['"\x60])${literal(title)}\1,`).test(test);
    });
    expect(missing).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('(docs/reliability.md)');
  });
});
