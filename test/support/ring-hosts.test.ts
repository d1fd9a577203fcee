import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const chapters = join(import.meta.dirname, '../e2e/chapters');
/** Names and last octets of the hosts that a chapter makes, as it writes them: `{ s1: 11, s2: 12 }`. */
const declared = readdirSync(chapters).flatMap((file) =>
  [
    ...readFileSync(join(chapters, file), 'utf8').matchAll(/(?<=^const \w+ = |createHosts\()\{( \w+: \d+,?)+ \}/gm),
  ].flatMap(([line]) =>
    [...line.matchAll(/(\w+): (\d+)/g)].map(([, name, octet]) => ({ file, name: name!, octet: octet! })),
  ),
);

/** Chapters run beside one another: two that make the same host take it from each other. */
describe('the hosts of the ring', () => {
  it('are found in all chapters that make some', () => {
    const making = readdirSync(chapters).filter((file) =>
      /createHosts\(/.test(readFileSync(join(chapters, file), 'utf8')),
    );
    expect([...new Set(declared.map(({ file }) => file))].sort()).toEqual(expect.arrayContaining(making));
  });

  it.each(['name', 'octet'] as const)('have a %s each that no other has', (key) => {
    const of = new Map<string, string>();
    for (const host of declared) {
      expect(of.get(host[key]), `${key} ${host[key]} is in ${host.file}, too`).toBeUndefined();
      of.set(host[key], host.file);
    }
  });
});
