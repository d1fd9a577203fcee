import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { K3sRole } from './config.js';

/** Unit files are part of the program, read once; the place differs between source and build. */
const texts = new Map<K3sRole, string>();

/** Text of the systemd unit from templates/k3s. */
export function unitText(role: K3sRole): string {
  let text = texts.get(role);
  if (text === undefined) {
    text = readFileSync(
      join(templatesFolder(), 'k3s', role === 'server' ? 'k3s.service' : 'k3s-agent.service'),
      'utf8',
    );
    texts.set(role, text);
  }
  return text;
}

/** The package's templates folder: the first one with our host tasks on the way up. */
function templatesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'templates', 'k3s'))) return join(folder, 'templates');
  }
  throw new Error(`no templates folder above ${here}`);
}
