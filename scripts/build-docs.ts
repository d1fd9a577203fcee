import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Interfaces } from '@oclif/core';

import { readCatalogue } from '../src/components/index.js';
import { clusterJsonSchema, tenantJsonSchema, type JsonSchema } from '../src/config/index.js';
import { schemaWithComponents } from '../src/workflows/component/schema.js';
import { componentsPage } from './components-page.js';
import { errorsPage } from './errors-page.js';
import { freshConfig, packageRoot } from './fresh-config.js';
import { networkPage } from './network-page.js';
import { exampleTenant } from './example-tenant.js';

/** Writes the generated documents, or with --check fails when one of them is stale. */
const check = process.argv.includes('--check');
const { manifest } = await freshConfig();
const documents: Readonly<Record<string, string>> = {
  'docs/reference/cluster.schema.json': `${JSON.stringify(await schemaWithComponents(clusterJsonSchema()), undefined, 2)}\n`,
  'docs/reference/cluster-file.md': clusterFilePage(clusterJsonSchema()),
  'docs/reference/tenant.schema.json': `${JSON.stringify(tenantJsonSchema(), undefined, 2)}\n`,
  'docs/reference/commands.md': commandsPage(manifest),
  'docs/reference/components.md': await componentsPage(),
  'docs/reference/errors.md': await errorsPage(),
  'docs/reference/network.md': networkPage(await readCatalogue(), await exampleTenant()),
  'oclif.manifest.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
};
const stale = Object.entries(documents).filter(([path, text]) => textOf(path) !== text);
for (const [path, text] of check ? [] : stale) {
  mkdirSync(join(packageRoot, 'docs/reference'), { recursive: true });
  writeFileSync(join(packageRoot, path), text);
}
if (check && stale.length > 0) {
  console.error(`Stale: ${stale.map(([path]) => path).join(', ')}. Make them anew with: npm run docs`);
  process.exit(1);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(packageRoot, path), 'utf8');
  } catch {
    return undefined;
  }
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly fallback: string;
  readonly text: string;
}

function clusterFilePage(schema: JsonSchema): string {
  const lines = rowsOf(schema, '').map(
    ({ path, type, fallback, text }) => `| \`${path}\` | ${type} | ${fallback} | ${text} |`,
  );
  return [
    '# The cluster file',
    '',
    'Made from the schema by `npm run docs`. Editors read the same from `slipway schema`.',
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

function rowsOf(schema: JsonSchema, prefix: string): Row[] {
  const more = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const any = schema.properties && more?.anyOf?.find(({ properties }) => properties);
  const properties = { ...schema.properties, ...(any ? { '<name>': any } : {}) };
  return Object.entries(properties).flatMap(([key, property]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const items = property.items;
    const inner = property.properties ? rowsOf(property, path) : items?.properties ? rowsOf(items, `${path}[]`) : [];
    const fallback =
      property.default === undefined || property.properties ? '' : `\`${JSON.stringify(property.default)}\``;
    return [
      { path, type: typeOf(property), fallback, text: (property.description ?? '').replaceAll('|', '\\|') },
      ...inner,
    ];
  });
}

function typeOf(schema: JsonSchema): string {
  const variants = schema.anyOf;
  if (variants) return [...new Set(variants.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function commandsPage({ commands }: Interfaces.Manifest): string {
  const pages = Object.values(commands)
    .sort((a, b) => a.id.localeCompare(b.id))
    .map((command) => {
      const name = command.id.replaceAll(':', ' ');
      const args = Object.values(command.args).map(
        ({ name: arg, description, required }) =>
          `| \`${arg.toUpperCase()}\` | ${required ? 'required. ' : ''}${description ?? ''} |`,
      );
      const flags = Object.values(command.flags)
        .filter(({ hidden }) => !hidden)
        .map(
          (flag) =>
            `| \`--${flag.name}${flag.type === 'option' && !flag.options ? ' VALUE' : ''}\` | ${flag.description ?? flag.summary ?? ''}${flag.type === 'option' && flag.options ? ` One of ${flag.options.join(', ')}.` : ''} |`,
        );
      return [`## slipway ${name}`, '', command.summary ?? '', '', '| | |', '|---|---|', ...args, ...flags, ''].join(
        '\n',
      );
    });
  return ['# Commands', '', 'Made from the commands by `npm run docs`.', '', ...pages].join('\n');
}
