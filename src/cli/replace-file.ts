import { readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';

import { RefusedError } from '../errors/index.js';
import type { Runtime } from '../runtime/context.js';

/**
 * Changes a person's cluster file before anything else is changed, so that a run that is killed is finished by the file.
 * @returns how to take it back: who changed it again meanwhile keeps that
 * @throws RefusedError code FILE_CHANGED when somebody else changed it since it was read
 */
export async function changeFile(
  { reporter, clock }: Pick<Runtime, 'reporter' | 'clock'>,
  file: string,
  before: string,
  after: string,
): Promise<() => Promise<void>> {
  if (before === after) return async () => {};
  await replace(file, before, after);
  reporter.emit({ type: 'note', at: clock.now(), level: 'info', text: `changed ${file}` });
  return () => replace(file, after, before).catch(() => undefined);
}

async function replace(path: string, before: string, after: string): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before) {
    throw new RefusedError(`${path} was changed by somebody else meanwhile.`, {
      code: 'FILE_CHANGED',
      hint: 'Nothing else was changed. Run the same command again.',
    });
  }
  // A link stays one, and who may read the file stays the same.
  const file = await realpath(path);
  const { mode } = await stat(file);
  await writeFile(`${file}.slipway.tmp`, after, { mode });
  await rename(`${file}.slipway.tmp`, file);
}
