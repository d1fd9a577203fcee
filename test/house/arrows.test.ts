import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';

const configuration = new URL('../../.dependency-cruiser.js', import.meta.url).href;
const { default: house } = (await import(configuration)) as { readonly default: IConfiguration };
const { forbidden, options } = house;
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Names of the rules that a house of these files breaks. */
async function broken(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const baseDir = mkdtempSync(join(tmpdir(), 'slipway-house-'));
  folders.push(baseDir);
  // Types are read by TypeScript, which is looked for from here on upwards.
  symlinkSync(join(process.cwd(), 'node_modules'), join(baseDir, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(baseDir, path)), { recursive: true });
    writeFileSync(join(baseDir, path), text);
  }
  const { tsConfig: _, ...rest } = options!;
  const { output } = await cruise(
    ['src', 'providers'].filter((top) => Object.keys(files).some((path) => path.startsWith(top))),
    {
      ...rest,
      baseDir,
      validate: true,
      ruleSet: { forbidden: forbidden! },
    },
  );
  return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))].sort();
}

const value = 'export const a = 1;\nexport type A = number;\n';

describe('check:house refuses', () => {
  it.each([
    ['an import upward', "import { a } from '../engine/a.js';\nexport const b = a;\n"],
    ['a dynamic import upward', "export const b = async () => (await import('../engine/a.js')).a;\n"],
    ['an import of a type upward', "import type { A } from '../engine/a.js';\nexport type B = A;\n"],
    ['an export from above', "export { a } from '../engine/a.js';\n"],
  ])('%s', async (_what, text) => {
    expect(await broken({ 'src/domain/b.ts': text, 'src/engine/a.ts': value })).toEqual(['upward-from-domain']);
  });

  it('a provider that imports another', async () => {
    const b = "import { a } from '../hetzner/a.js';\nexport const b = a;\n";
    expect(await broken({ 'providers/sandbox/b.ts': b, 'providers/hetzner/a.ts': value })).toEqual([
      'provider-to-provider',
    ]);
  });

  it('a sandbox that imports more of the product than it publishes', async () => {
    const b = "import { a } from '../../src/domain/a.js';\nexport const b = a;\n";
    expect(await broken({ 'providers/sandbox/b.ts': b, 'src/domain/a.ts': value })).toEqual(['sandbox-to-product']);
    const c = "import { a } from '../../src/provider/index.js';\nexport const c = a;\n";
    expect(await broken({ 'providers/sandbox/c.ts': c, 'src/provider/index.ts': value })).toEqual([]);
  });

  it('a product that reaches past what the sandbox publishes', async () => {
    const b = "import { a } from '../../providers/sandbox/control.js';\nexport const b = a;\n";
    expect(await broken({ 'src/runtime/b.ts': b, 'providers/sandbox/control.ts': value })).toEqual([
      'product-to-sandbox',
    ]);
  });

  it('whoever imports a distribution, and not its port', async () => {
    const files = { 'src/distributions/k3s/file-fields.ts': value, 'src/distributions/k3s/plan.ts': value };
    const plan = "export const b = async () => (await import('../distributions/k3s/plan.js')).a;\n";
    const form = "import { a } from '../distributions/k3s/file-fields.js';\nexport const b = a;\n";
    const of = (path: string, text: string) => broken({ ...files, [path]: text });
    const all = { ...files, 'src/runtime/distributions.ts': plan, 'src/config/cluster-schema.ts': form };
    expect(await broken(all)).toEqual([]);
    expect(await of('src/runtime/b.ts', plan)).toContain('into-a-distribution');
    expect(await of('src/workflows/b.ts', form)).toContain('into-a-distribution');
    expect(await of('src/config/cluster-schema.ts', plan)).toContain('more-of-a-distribution-than-its-fields');
    expect(await of('src/distributions/port.ts', form.replace('../distributions', '.'))).toContain(
      'port-to-distribution',
    );
    const sideways = form.replace('../distributions', '..');
    expect(await of('src/distributions/lke/b.ts', sideways)).toContain('distribution-to-distribution');
  });

  it('a package that imports what its package.json does not name', async () => {
    const files = { 'package.json': '{"dependencies": {"zod": "4"}}', 'src/domain/a.ts': value };
    const b = "import { z } from 'zod';\nexport const b = z;\n";
    const a = "import { a } from './a.js';\nexport const c = a;\n";
    expect(await broken({ ...files, 'src/domain/b.ts': b, 'src/domain/c.ts': a })).toEqual([]);
    const own = { 'providers/sandbox/package.json': '{"dependencies": {}}', 'providers/sandbox/b.ts': b };
    expect(await broken({ ...files, 'src/domain/c.ts': a, ...own })).toEqual(['undeclared-package']);
  });

  it('a circle, even one of types', async () => {
    expect(
      await broken({
        'src/domain/a.ts': "import type { B } from './b.js';\nexport type A = B | 1;\n",
        'src/domain/b.ts': "import type { A } from './a.js';\nexport type B = A | 2;\n",
      }),
    ).toEqual(['circle']);
  });

  it('a room that has no place in the table', async () => {
    const b = "import { a } from '../domain/a.js';\nexport const b = a;\n";
    expect(await broken({ 'src/attic/b.ts': b, 'src/domain/a.ts': value })).toEqual(['unknown-room']);
  });

  it('a file that nobody imports', async () => {
    expect(await broken({ 'src/domain/a.ts': value })).toEqual(['dead-file']);
  });

  it('nothing of an import downward', async () => {
    const b =
      "import { a } from '../domain/a.js';\nexport const b = async () => (await import('../domain/a.js')).a + a;\n";
    expect(await broken({ 'src/engine/b.ts': b, 'src/domain/a.ts': value })).toEqual([]);
  });
});
