import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { readCatalogue, schemaComment } from '../src/components/index.js';
import { type ChartSource, schemaText, valuesSchema } from './chart-schema.js';

/**
 * Makes `values.schema.json` of Slipway's own components from unpacked charts: `npm run values:schemas -- FOLDER`, where
 * FOLDER/NAME is what `helm pull --untar` makes of the chart NAME in the pinned version.
 */
async function main(charts: string | undefined): Promise<void> {
  if (charts === undefined) throw new Error('Usage: npm run values:schemas -- FOLDER_WITH_UNPACKED_CHARTS');
  const { components } = await readCatalogue();
  for (const { chart, folder } of components.values()) {
    if (chart === undefined) continue;
    const source = await sourceOf([charts], chart.name);
    if (source === undefined) {
      console.log(`${chart.name}: not in ${charts}; left as it is`);
      continue;
    }
    const text = schemaText(valuesSchema(source), schemaComment(chart));
    await writeFile(join(folder, 'values.schema.json'), text);
    console.log(`${chart.name}: ${Math.ceil(text.length / 1024)} KiB`);
  }
}

interface Dependency {
  readonly name: string;
  readonly alias?: string;
}

/** A chart in the first of these folders that has it, and those it brings. */
async function sourceOf(folders: readonly string[], name: string): Promise<ChartSource | undefined> {
  const folder = folders.map((at) => join(at, name)).find((at) => existsSync(join(at, 'values.yaml')));
  if (folder === undefined) return undefined;
  const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  const { dependencies = [] } = parse(await read('Chart.yaml')) as { dependencies?: readonly Dependency[] };
  const inner = await Promise.all(
    dependencies.map(async (one) => [
      one.alias ?? one.name,
      await sourceOf([join(folder, 'charts'), ...folders], one.name),
    ]),
  );
  const schema = 'values.schema.json';
  return {
    values: await read('values.yaml'),
    ...(existsSync(join(folder, schema)) ? { schema: JSON.parse(await read(schema)) as unknown } : {}),
    inner: Object.fromEntries(inner) as Record<string, ChartSource | undefined>,
  };
}

await main(process.argv[2]);
