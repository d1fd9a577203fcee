import { join } from 'node:path';

import { folderWith } from '../package-files/index.js';

/** Absolute path of `templates`, which come with this program, from source as from a build. */
export const ownTemplates: string = join(folderWith(import.meta.url, 'templates/host/lib/runner.sh'), 'templates');
