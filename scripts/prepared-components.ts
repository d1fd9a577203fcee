import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { Ajv2020, _ } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';

import { componentFolders, ownComponents, readCatalogue } from '../src/components/catalogue.js';
import { parseComponentFile } from '../src/components/component-file.js';
import { pathsIn } from '../src/components/read-component.js';
import { optionsSettings } from '../src/components/schema-checker.js';

/** A module in the place of `src/components/built-in`, with what reading Slipway's own components would find. */
export async function preparedModule(): Promise<string> {
  // Whatever is wrong with one of them, or with what they say of each other, ends the build.
  await readCatalogue();
  const folders = await componentFolders(ownComponents());
  const ajv = new Ajv2020({ ...optionsSettings, code: { source: true, esm: true, formats: _`formatTests` } });
  const read = await Promise.all(
    folders.map(async (folder, index) => {
      const name = basename(folder);
      const text = await readFile(join(folder, 'component.yaml'), 'utf8');
      const file = parseComponentFile(text, `${name}/component.yaml`, name);
      ajv.addSchema(file.options, `options${index}`);
      return { name, file, paths: await pathsIn(folder) };
    }),
  );
  const ids = Object.fromEntries(read.map((_one, index) => [`options${index}`, `options${index}`]));
  // Text that is parsed as JSON is there sooner than the same as a program.
  return `import { formatTests } from './options.js';
${standalone.default(ajv, ids)}
const validators = [${Object.keys(ids).join(', ')}];
let read;
export const builtIn = () =>
  (read ??= JSON.parse(${JSON.stringify(JSON.stringify(read))}).map((one, index) => ({ ...one, validate: validators[index] })));
`;
}
