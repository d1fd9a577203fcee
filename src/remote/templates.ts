import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the package's folder `templates`: the first one with our host tasks on the way up, from source as from a build. */
function templatesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'templates', 'host', 'lib', 'runner.sh'))) return join(folder, 'templates');
    if (folder === dirname(folder)) throw new Error('this installation of Slipway has no templates');
  }
}

/** The templates that come with this program. */
export const ownTemplates: string = templatesFolder();
