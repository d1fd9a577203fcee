import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Plugin } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What Node loads by itself, instead of Vitest. */
export const compiledFiles = /\/build\/(?:src|providers)\//;

/**
 * Has tests import what the build compiled of the product and the sandbox, not their sources: Vitest would translate each module once and
 * hand it to every worker, which takes a quarter of the processor time of most tests. For whole runs, which build first.
 */
export const compiledRooms: Plugin = {
  name: 'compiled rooms',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.') || !source.endsWith('.js')) return undefined;
    const path = relative(root, resolve(dirname(importer), source));
    if (!/^(?:src|providers)\//.test(path)) return undefined;
    const compiled = resolve(root, 'build', path);
    return existsSync(compiled) ? { id: compiled, external: true } : undefined;
  },
};
