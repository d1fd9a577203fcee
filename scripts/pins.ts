import { readCatalogue } from '../src/components/index.js';
import { exitCodes } from '../src/errors/index.js';
import { pinLines, pinOf } from './chart-versions.js';

/**
 * Compares the pinned charts with their repositories: `npm run pins [-- COMPONENT ...]`. Exits with 5 when something
 * is behind, else with 4 when a repository could not be read.
 */
async function main(names: readonly string[]): Promise<void> {
  const { components } = await readCatalogue();
  const pinned = [...components.values()]
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const pins = await Promise.all(pinned.flatMap(({ name, chart }) => (chart ? [pinOf(name, chart)] : [])));
  for (const line of pinLines(pins)) console.log(line);
  if (pins.some(({ newest }) => newest !== undefined)) process.exitCode = exitCodes.changes;
  else if (pins.some(({ problem }) => problem !== undefined)) process.exitCode = exitCodes.incomplete;
}

await main(process.argv.slice(2));
