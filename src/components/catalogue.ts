import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import { messageOf, UsageError } from '../errors/index.js';
import { folderWith } from '../package-files/index.js';
import { badComponent, parseComponentFile } from './component-file.js';
import { contextSchema } from './context.js';
import { optionsAjv, optionsCheck } from './options.js';
import { readTemplate } from './template/index.js';
import type { Catalogue, Component, Template } from './types.js';
import { valuesCheck } from './values-check.js';
import { readWhen } from './when.js';

/** The largest file a component may hold: a dashboard or two. */
const maxBytes = 2 * 1024 * 1024;

/** As a chart calls it, too; in a component's folder it is what users' `values` are held to. */
const valuesSchema = 'values.schema.json';

/** The folder of Slipway's own components, from source or from a build. */
export const ownComponents = (): string =>
  join(folderWith(import.meta.url, 'templates/components/traefik/component.yaml'), 'templates', 'components');

/**
 * Reads Slipway's own components and those of further folders. A folder holds components, or is one itself.
 * @throws UsageError codes NO_COMPONENT_FOLDER, BAD_COMPONENT, BAD_TEMPLATE, COMPONENT_TWICE
 */
export async function readCatalogue(
  folders: readonly string[] = [],
  own: string = ownComponents(),
): Promise<Catalogue> {
  const components = new Map<string, Component>();
  let made: ReturnType<typeof optionsAjv> | undefined;
  const ajv = (): ReturnType<typeof optionsAjv> => (made ??= optionsAjv());
  for (const [index, folder] of [own, ...folders].entries()) {
    const read = await Promise.all((await componentFolders(folder)).map((at) => readComponent(at, index === 0, ajv)));
    for (const component of read) {
      const other = components.get(component.name);
      if (other)
        throw new UsageError(`There are two components called ${component.name}.`, {
          code: 'COMPONENT_TWICE',
          details: [other.folder, component.folder],
          hint: other.builtIn
            ? 'That name is one of Slipway’s own: give the folder another.'
            : 'Give one of the folders another name.',
        });
      components.set(component.name, component);
    }
  }
  checkReferences(components);
  return { components, folders: [own, ...folders] };
}

/**
 * The folders of components in a folder, or itself when it is one.
 * @throws UsageError code NO_COMPONENT_FOLDER
 */
export async function componentFolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.some((entry) => entry.name === 'component.yaml')) return [folder];
    const inner = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return inner.map((entry) => join(folder, entry.name)).sort();
  } catch (error) {
    throw new UsageError(`Cannot read the components in ${folder}: ${reason(error)}`, {
      code: 'NO_COMPONENT_FOLDER',
      hint: 'components.folders names folders that hold components, or one component each.',
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such folder';
  if (code === 'ENOTDIR') return 'it is no folder';
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it';
  return messageOf(error);
}

/** Reads one component: what it says of itself and every template, checked. */
async function readComponent(
  folder: string,
  builtIn: boolean,
  ajv: () => ReturnType<typeof optionsAjv>,
): Promise<Component> {
  const name = basename(folder);
  const shownAt = builtIn ? `templates/components/${name}` : folder;
  const shown = `${shownAt}/component.yaml`;
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name))
    throw badComponent(shown, [`${shown}:1:1  the folder’s name is the component’s: small letters, digits and dashes`]);
  const files = await filesOf(folder, shownAt);
  const text = files.get('component.yaml');
  if (text === undefined) throw badComponent(shown, [`${shown}:1:1  it is not there, so this folder is no component`]);
  const file = parseComponentFile(text, shown, name);
  const context = contextSchema(file.options);
  const template = (path: string): Template =>
    readTemplate({
      file: join(folder, path),
      shown: `${shownAt}/${path}`,
      text: files.get(path) ?? '',
      context,
      readFile: (other) => {
        const found = files.get(other);
        if (found === undefined) throw new TypeError(`there is no file ${other} in ${shownAt}`);
        return found;
      },
    });
  const inside = (part: string): Template[] =>
    [...files.keys()]
      .filter((path) => path.startsWith(`${part}/`))
      .sort()
      .map((path) => {
        if (/\.ya?ml\.hbs$/.test(path)) return template(path);
        throw badComponent(shown, [`${shownAt}/${path}:1:1  files in ${part}/ are templates and end in .yaml.hbs`]);
      });
  for (const path of ['values.yaml.hbs', valuesSchema])
    if (files.has(path) && file.chart === undefined)
      throw badComponent(shown, [`${shown}:1:1  ${path} has no chart to go to`]);
  const schema = files.get(valuesSchema);
  return {
    ...file,
    name,
    folder,
    builtIn,
    check: optionsCheck(ajv, file.options, (reason) => badComponent(shown, [`${shown}:1:1  options: ${reason}`])),
    checkValues:
      schema === undefined
        ? undefined
        : valuesCheck(schema, (reason) => badComponent(shown, [`${shownAt}/${valuesSchema}:1:1  ${reason}`])),
    values: files.has('values.yaml.hbs') ? template('values.yaml.hbs') : undefined,
    before: inside('before'),
    manifests: inside('manifests'),
  };
}

/** Text of every file in a folder, by path from it with slashes. */
async function filesOf(folder: string, shownAt: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
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

/** What components say of each other must lead somewhere. */
function checkReferences(components: ReadonlyMap<string, Component>): void {
  const capabilities = new Set([...components.values()].flatMap(({ name, provides }) => [name, ...provides]));
  for (const component of components.values()) {
    const whens = [
      component.when,
      component.with?.when,
      ...component.secrets.map(({ when }) => when),
      ...component.health.map(({ when }) => when),
    ];
    const named = whens.flatMap((text) => (text === undefined ? [] : (readWhen(text).component ?? [])));
    const lost = [
      ...[...component.needs, ...component.needsIf.map((need) => need.name)]
        .filter((need) => !capabilities.has(need))
        .map((need) => `needs ${need}`),
      ...[...named, ...(component.with ? [component.with.component] : [])]
        .filter((other) => !components.has(other))
        .map((other) => `names the component ${other}`),
    ];
    if (lost.length > 0)
      throw badComponent(
        `${component.folder}/component.yaml`,
        lost.map((what) => `${component.folder}/component.yaml:1:1  it ${what}, which nothing is called or provides`),
      );
  }
}
