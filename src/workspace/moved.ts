import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '../errors/index.js';
import { errorCode, fileError } from './file-errors.js';

/** The file that says of a folder that its workspace is elsewhere. */
export const movedMark = (folder: string): string => join(folder, 'moved.json');

/** Where the workspace of a folder has moved; undefined where it has not. */
export function movedTo(folder: string): string | undefined {
  try {
    const { movedTo: to } = JSON.parse(readFileSync(movedMark(folder), 'utf8')) as { readonly movedTo?: unknown };
    return typeof to === 'string' ? to : 'another place';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    if (error instanceof SyntaxError) return 'another place';
    throw fileError(error, 'read', movedMark(folder));
  }
}

/** @throws UsageError code WORKSPACE_MOVED */
export function refuseMoved(folder: string): void {
  const to = movedTo(folder);
  if (to !== undefined) throw movedError(folder, to);
}

export const movedError = (where: string, to: string): UsageError =>
  new UsageError(`The workspace in ${where} has moved to ${to}.`, {
    code: 'WORKSPACE_MOVED',
    hint: `Use that one: --workspace '${to}', or set SLIPWAY_WORKSPACE to it.`,
  });
