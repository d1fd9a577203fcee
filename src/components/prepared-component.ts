import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { UnexpectedError } from '../errors/index.js';
import type { PreparedComponent } from './built-in.js';
import { optionsCheck } from './options.js';
import type { SchemaChecker } from './schema-checker.js';
import { templatesOf, valuesSchema } from './templates-of.js';
import type { Component } from './types.js';
import { valuesCheck } from './values-check.js';

/** A component that the build has read: its templates are read when one of them is first asked for. */
export function preparedComponent(
  { name, file, paths, validate }: PreparedComponent,
  own: string,
  checker: SchemaChecker | undefined,
): Component {
  const folder = join(own, name);
  const shownAt = `templates/components/${name}`;
  const texts = new Map<string, string>();
  const text = (path: string): string | undefined => {
    if (!paths.includes(path)) return undefined;
    const found = texts.get(path) ?? readFileSync(join(folder, path), 'utf8');
    texts.set(path, found);
    return found;
  };
  let read: ReturnType<typeof templatesOf> | undefined;
  const templates = () => (read ??= templatesOf({ folder, shownAt, options: file.options, paths, text }));
  return {
    ...file,
    name,
    folder,
    builtIn: true,
    check: optionsCheck(() => validate, unsound),
    checkValues: paths.includes(valuesSchema)
      ? valuesCheck(
          () => text(valuesSchema) ?? '',
          (schema) => {
            if (checker) return checker.values(schema);
            throw unsound('values were not announced');
          },
          unsound,
        )
      : undefined,
    get values() {
      return templates().values;
    },
    get before() {
      return templates().before;
    },
    get manifests() {
      return templates().manifests;
    },
  };

  function unsound(reason: string): Error {
    return new UnexpectedError(`${shownAt} cannot be checked: ${reason}.`, { code: 'BAD_CATALOGUE' });
  }
}
