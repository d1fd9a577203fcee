import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { preparedModule } from '../../scripts/prepared-components.js';
import type { PreparedComponent } from '../../src/components/built-in.js';
import { ownComponents, readCatalogue } from '../../src/components/index.js';
import { preparedComponent } from '../../src/components/prepared-component.js';
import { schemaChecker } from '../../src/components/schema-checker.js';
import type { Component } from '../../src/components/types.js';
import type { JsonSchema } from '../../src/domain/source/json-schema.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-prepared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the build puts into the program, and what is read from source. */
let prepared: ReadonlyMap<string, Component>;
let read: ReadonlyMap<string, Component>;

beforeAll(async () => {
  const outfile = join(folder, 'prepared.mjs');
  const resolveDir = fileURLToPath(new URL('../../src/components', import.meta.url));
  await build({
    stdin: { contents: await preparedModule(), resolveDir, loader: 'js' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  const { builtIn } = (await import(pathToFileURL(outfile).href)) as { builtIn: () => readonly PreparedComponent[] };
  const all = builtIn().map((one) => preparedComponent(one, ownComponents(), schemaChecker()));
  prepared = new Map(all.map((component) => [component.name, component]));
  read = (await readCatalogue()).components;
});

/** All of a component that is data. */
function data(component: Component): unknown {
  const { check: _check, checkValues, values, before, manifests, ...rest } = component;
  const shown = [values, ...before, ...manifests].map((template) => template && [template.shown, ...template.uses]);
  return { ...rest, shown, checksValues: checkValues !== undefined };
}

/** Options as people write them, right and wrong, for the keys of a schema. */
function optionsFor(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const text = fc.constantFrom('', 'a', 'ops@example.com', 'ops@acme.dev', '10Gi', 'cloudflare', 'hetzner', '1h');
  const leaf = fc.oneof(text, fc.constantFrom(-1, 0, 1, 1.5, 400), fc.boolean(), fc.constant(null), fc.array(text));
  const of = ({ properties = {} }: JsonSchema, depth: number): fc.Arbitrary<Record<string, unknown>> =>
    fc.record(
      Object.fromEntries([
        ...Object.entries(properties).map(([key, inner]): [string, fc.Arbitrary<unknown>] => {
          const listed = (inner as { readonly enum?: readonly unknown[] }).enum ?? [];
          const nested = depth > 0 ? [of(inner, depth - 1)] : [];
          return [key, fc.oneof(leaf, ...listed.map((value) => fc.constant(value)), ...nested)];
        }),
        ['unknownKey', leaf],
      ]),
      { requiredKeys: [] },
    );
  return of(schema, 2);
}

describe('what the build prepares of Slipway’s own components', () => {
  it('is every component, with all that reading its folder finds', () => {
    expect([...prepared.keys()]).toEqual([...read.keys()]);
    for (const [name, component] of read) expect(data(prepared.get(name)!)).toEqual(data(component));
  });

  it('holds options against their schemas as reading does: defaults, and every complaint in its words', () => {
    for (const [name, component] of read) {
      const other = prepared.get(name)!;
      expect(other.check({}), name).toEqual(component.check({}));
      fc.assert(
        fc.property(optionsFor(component.options), (given) => {
          expect(other.check(given), name).toEqual(component.check(given));
        }),
        { numRuns: 100 },
      );
    }
  });

  it('holds values against the schema of the chart as reading does', () => {
    const values = { replicas: 'three', noSuchKey: 1, resources: { limits: [] } };
    for (const [name, component] of read)
      expect(prepared.get(name)!.checkValues?.(values), name).toEqual(component.checkValues?.(values));
  });
});
