import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ownTemplates } from '../../../remote/templates.js';
import type { K3sRole } from './config.js';

/** Unit files are part of the program and read once. */
const texts = new Map<K3sRole, string>();

/** Text of the systemd unit from templates/k3s. */
export function unitText(role: K3sRole): string {
  let text = texts.get(role);
  if (text === undefined) {
    const file = role === 'server' ? 'k3s.service' : 'k3s-agent.service';
    text = readFileSync(join(ownTemplates, 'k3s', file), 'utf8');
    texts.set(role, text);
  }
  return text;
}
