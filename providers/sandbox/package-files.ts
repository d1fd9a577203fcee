import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The nearest folder on the way up from a module that has this file in it: from source, from what the compiler wrote and
 * from the bundle alike.
 * @param module its `import.meta.url`
 * @throws Error when the installation is incomplete
 */
export function folderWith(module: string, file: string): string {
  for (let at = dirname(fileURLToPath(module)); ; at = dirname(at)) {
    if (existsSync(join(at, file))) return at;
    if (dirname(at) === at) throw new Error(`${file} is missing from this installation of the sandbox`);
  }
}
