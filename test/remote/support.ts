import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openBoundary, systemClock, systemRandom, type Boundary } from '../../src/domain/index.js';
import { createRemote, ownTemplates } from '../../src/remote/index.js';
import type { HostTask, Remote, TaskParam } from '../../src/remote/types.js';

export const signal = new AbortController().signal;

/** A templates folder with the real runner and common words, and tasks made up for a test. */
export async function templatesWith(scripts: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-templates-'));
  await mkdir(join(folder, 'host'));
  await cp(join(ownTemplates, 'host', 'lib'), join(folder, 'host', 'lib'), { recursive: true });
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(folder, 'host', `${name}.sh`), text);
  return folder;
}

export function remoteWith(templates: string = ownTemplates, boundary: Boundary = openBoundary): Remote {
  return createRemote({ clock: systemClock, random: systemRandom, boundary, templates });
}

export function task(name: string, params: Readonly<Record<string, TaskParam>> = {}, deadlineMs = 20_000): HostTask {
  return { name, params, deadlineMs };
}
