import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import { badComponent } from './bad-component.js';
import { parseComponentFile } from './component-file.js';
import { optionsCheck } from './options.js';
import type { SchemaChecker } from './schema-checker.js';
import { templatesOf, valuesSchema } from './templates-of.js';
import type { Component } from './types.js';
import { valuesCheck } from './values-check.js';

/** The largest file a component may hold: a dashboard or two. */
const maxBytes = 2 * 1024 * 1024;

/**
 * Reads one component: what it says of itself and every template, checked.
 * @param shownIn of Slipway's own: the folder that messages name it in; undefined for one of the user's own
 * @throws UsageError codes BAD_COMPONENT, BAD_TEMPLATE
 */
export async function readComponent(
  folder: string,
  shownIn: string | undefined,
  checker: SchemaChecker,
): Promise<Component> {
  const builtIn = shownIn !== undefined;
  const name = basename(folder);
  const shownAt = shownIn === undefined ? folder : `${shownIn}/${name}`;
  const shown = `${shownAt}/component.yaml`;
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name))
    throw badComponent(shown, [`${shown}:1:1  the folder’s name is the component’s: small letters, digits and dashes`]);
  const files = await filesOf(folder, shownAt);
  const text = files.get('component.yaml');
  if (text === undefined) throw badComponent(shown, [`${shown}:1:1  it is not there, so this folder is no component`]);
  const file = parseComponentFile(text, shown, name);
  for (const path of ['values.yaml.hbs', valuesSchema])
    if (files.has(path) && file.chart === undefined)
      throw badComponent(shown, [`${shown}:1:1  ${path} has no chart to go to`]);
  const schema = files.get(valuesSchema);
  return {
    ...file,
    name,
    folder,
    builtIn,
    check: optionsCheck(
      () => checker.options(file.options),
      (reason) => badComponent(shown, [`${shown}:1:1  options: ${reason}`]),
    ),
    checkValues:
      schema === undefined
        ? undefined
        : valuesCheck(
            () => schema,
            checker.values,
            (reason) => badComponent(shown, [`${shownAt}/${valuesSchema}:1:1  ${reason}`]),
          ),
    ...templatesOf({
      folder,
      shownAt,
      options: file.options,
      paths: [...files.keys()],
      text: (path) => files.get(path),
    }),
  };
}

/** Text of every file in a folder, by path from it with slashes. */
async function filesOf(folder: string, shownAt: string): Promise<ReadonlyMap<string, string>> {
  const paths = await pathsIn(folder);
  const texts = await Promise.all(
    paths.map(async (path) => {
      const file = join(folder, path);
      if ((await stat(file)).size > maxBytes)
        throw badComponent(shownAt, [`${shownAt}/${path}:1:1  larger than ${maxBytes / 2 ** 20} MiB`]);
      return [path, await readFile(file, 'utf8')] as const;
    }),
  );
  return new Map(texts);
}

/** Path of every file of a component, from its folder, with slashes. */
export async function pathsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
}
