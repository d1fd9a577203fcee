import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parseTenant } from '../../src/config/tenant-files.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const guide = read('docs/guides/tenants.md');
const { commands } = JSON.parse(read('oclif.manifest.json')) as {
  readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, unknown>> }>>;
};

describe('the guide to tenants', () => {
  it('names commands and flags that there are, and every command of tenants', () => {
    const lines = guide.split('\n').filter((line) => line.startsWith('    slipway '));
    const named = lines.map((line) => {
      const [, first = '', second = '', ...rest] = line.trim().split(/\s+/);
      const id = `${first}:${second}`;
      expect(commands[id], line).toBeDefined();
      const flags = rest.flatMap((word) => (word.startsWith('--') ? [word.slice(2)] : []));
      for (const flag of flags) expect(Object.keys(commands[id]!.flags), line).toContain(flag);
      return id;
    });
    const all = Object.keys(commands).filter((id) => id.startsWith('tenant:'));
    expect(all).toHaveLength(8);
    for (const id of all) expect(named).toContain(id);
  });

  it('shows a tenant’s file that can be read', () => {
    const block = /# tenants\/globex\.yaml\n((?: {4}.*\n)+)/.exec(guide)?.[1] ?? '';
    const { tenant, lines } = parseTenant(block.replace(/^ {4}/gm, ''), 'globex.yaml');
    expect(lines).toEqual([]);
    expect(tenant).toMatchObject({ name: 'globex', domains: ['globex.example.com'] });
  });
});
