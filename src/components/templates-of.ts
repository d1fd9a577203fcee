import { join } from 'node:path';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { badComponent } from './bad-component.js';
import { contextSchema } from './context.js';
import { readTemplate } from './template/index.js';
import type { Component, Template } from './types.js';

/** As a chart calls it, too; in a component's folder it is what users' `values` are held to. */
export const valuesSchema = 'values.schema.json';

export interface TemplateFiles {
  readonly folder: string;
  /** As messages call it. */
  readonly shownAt: string;
  readonly options: JsonSchema;
  readonly paths: readonly string[];
  /** Text of one of its files; undefined where there is none. */
  readonly text: (path: string) => string | undefined;
}

/** @throws UsageError codes BAD_COMPONENT, BAD_TEMPLATE */
export function templatesOf({
  folder,
  shownAt,
  options,
  paths,
  text,
}: TemplateFiles): Pick<Component, 'values' | 'before' | 'manifests'> {
  const context = contextSchema(options);
  const template = (path: string): Template =>
    readTemplate({
      file: join(folder, path),
      shown: `${shownAt}/${path}`,
      text: text(path) ?? '',
      context,
      readFile: (other) => {
        const found = text(other);
        if (found === undefined) throw new TypeError(`there is no file ${other} in ${shownAt}`);
        return found;
      },
    });
  const inside = (part: string): Template[] =>
    paths
      .filter((path) => path.startsWith(`${part}/`))
      .sort()
      .map((path) => {
        if (/\.ya?ml\.hbs$/.test(path)) return template(path);
        throw badComponent(`${shownAt}/component.yaml`, [
          `${shownAt}/${path}:1:1  files in ${part}/ are templates and end in .yaml.hbs`,
        ]);
      });
  return {
    values: paths.includes('values.yaml.hbs') ? template('values.yaml.hbs') : undefined,
    before: inside('before'),
    manifests: inside('manifests'),
  };
}
