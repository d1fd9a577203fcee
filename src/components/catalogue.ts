import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ComponentsSpec } from '../domain/spec/components.js';
import { messageOf, UsageError } from '../errors/index.js';
import { folderWith } from '../package-files/index.js';
import { badComponent } from './bad-component.js';
import { builtIn } from './built-in.js';
import { preparedComponent } from './prepared-component.js';
import type { Catalogue, Component } from './types.js';
import { readWhen } from './when.js';

/** The folder of Slipway's own components, from source or from a build. */
export const ownComponents = (): string =>
  join(folderWith(import.meta.url, 'templates/components/traefik/component.yaml'), 'templates', 'components');

export interface CatalogueOptions {
  /** False: no `values` will be held against schemas, so that what that takes is not loaded. */
  readonly hasValues?: boolean;
  /** What messages call the folder of Slipway's own. */
  readonly shownIn?: string;
}

/**
 * Reads Slipway's own components and those of further folders. A folder holds components, or is one itself.
 * @throws UsageError codes NO_COMPONENT_FOLDER, BAD_COMPONENT, BAD_TEMPLATE, COMPONENT_TWICE
 */
export async function readCatalogue(
  folders: readonly string[] = [],
  own: string = ownComponents(),
  options: CatalogueOptions = {},
): Promise<Catalogue> {
  if (folders.length > 0 || own !== ownComponents()) return read(folders, own, options);
  // Slipway's own stay as they are while it runs, and a change looks at them twice.
  const key = String(options.hasValues ?? true);
  const known = ownOnly.get(key) ?? read(folders, own, options);
  ownOnly.set(key, known);
  return known;
}

const ownOnly = new Map<string, Promise<Catalogue>>();

async function read(
  folders: readonly string[],
  own: string,
  { hasValues = true, shownIn = 'templates/components' }: CatalogueOptions,
): Promise<Catalogue> {
  const prepared = own === ownComponents() ? builtIn() : undefined;
  const reader = prepared && folders.length === 0 ? undefined : await import('./read-component.js');
  const checker = reader || hasValues ? (await import('./schema-checker.js')).schemaChecker() : undefined;
  const components = new Map<string, Component>();
  for (const [index, folder] of [own, ...folders].entries()) {
    const read =
      index === 0 && prepared
        ? prepared.map((one) => preparedComponent(one, own, checker))
        : await Promise.all(
            (await componentFolders(folder)).map((at) =>
              reader!.readComponent(at, index === 0 ? shownIn : undefined, checker!),
            ),
          );
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
  // What is prepared was checked when it was.
  if (reader) checkReferences(components);
  return { components, folders: [own, ...folders] };
}

/** Whether a file gives a chart values of its own. */
export const hasValues = (components: ComponentsSpec | undefined): boolean =>
  Object.values(components ?? {}).some((setting) => typeof setting === 'object' && 'values' in setting);

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
