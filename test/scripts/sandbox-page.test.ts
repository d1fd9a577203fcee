import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { charts } from '../../providers/sandbox/helm/charts/index.js';
import { sandboxPage } from './claim.js';
import { claims } from './sandbox-claims.js';

const root = new URL('../..', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** A text as one line. */
const flat = (text: string): string => text.replace(/\s+/g, ' ');
/** However its apostrophes are typed. */
const curly = (text: string): string => text.replaceAll("'", '’');
const page = read(sandboxPage);
/** Sentences that lead through the page, or say what the sandbox does not do. */
const noClaims = [
  'A cloud on this computer.',
  '`hetzner-api` and `linode-api` are the providers’ APIs',
  '`scenario` is the control interface',
  '`BareHosts` in `test/support` wraps it all.',
  'It neither resizes them nor formats anything',
  'Nothing is really run',
  'Other kinds of interfaces, backups, disks',
];

/** Each sentence of a page, without its headings and examples. */
function sentencesOf(text: string): readonly string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '').replace(/^#.*$/gm, '');
  return prose
    .split(/\n\s*\n|\n(?=- )/)
    .flatMap((paragraph) =>
      flat(paragraph)
        .trim()
        .split(/(?<=\.|\.\*\*)\s+(?=[A-Z*`])/),
    )
    .filter(Boolean);
}

describe('what the pages say of the sandbox', () => {
  it.each(claims)('%s: “%s” has its proof', (where, claim, file, ...titles) => {
    expect(curly(flat(read(where)))).toContain(curly(claim));
    for (const title of titles)
      expect(read(file)).toMatch(new RegExp(`['"\`]${title.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}['"\`]`));
  });

  it('is a claim with a proof in every sentence of the sandbox’s own page, or plainly none', () => {
    const told = [...claims.flatMap(([where, claim]) => (where === sandboxPage ? [claim] : [])), ...noClaims];
    expect(sentencesOf(page).length).toBeGreaterThan(40);
    expect(sentencesOf(page).filter((sentence) => !told.some((one) => curly(sentence).includes(curly(one))))).toEqual(
      [],
    );
  });

  it('names every chart there is, and no other', () => {
    const listed = /\(`helm\/charts`\): ([^;]+);/.exec(flat(page))![1]!;
    expect(listed.split(', ')).toEqual(charts().map(({ name }) => name));
  });
});
