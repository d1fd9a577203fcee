import { IncompleteError, messageOf, SlipwayError, UnexpectedError, UsageError } from '../errors/index.js';

/** The system's code of a failed file operation, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a failed file operation means to a person: what was being done (`write`), to which path, and the remedy. */
export function fileError(error: unknown, doing: 'read' | 'write' | 'remove', path: string): SlipwayError {
  if (error instanceof SlipwayError) return error;
  switch (errorCode(error) ?? '') {
    case 'ENOSPC':
    case 'EDQUOT':
      return new IncompleteError(`The disk is full: could not write ${path}.`, {
        code: 'WORKSPACE_FULL',
        hint: 'Free some space, then run the same command again: it goes on where it stopped.',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UsageError(`No permission to ${doing} ${path}.`, {
        code: 'WORKSPACE_UNWRITABLE',
        hint: 'Make the folder yours (chown, chmod u+rwX), or name another with SLIPWAY_HOME.',
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new UsageError(`Could not ${doing} ${path}: a part of that path is a file, not a folder.`, {
        code: 'WORKSPACE_NOT_A_FOLDER',
        hint: 'Move that file away, or name another folder with SLIPWAY_HOME.',
        cause: error,
      });
    default:
      return new UnexpectedError(`Could not ${doing} ${path}: ${messageOf(error)}.`, {
        code: 'WORKSPACE_ERROR',
        hint: 'Check the disk and the folder, or name another with SLIPWAY_HOME.',
        cause: error,
      });
  }
}

/** A file of the workspace that Slipway cannot have written. */
export function tooLarge(path: string, size: number): UsageError {
  return new UsageError(
    `${path} is damaged: it has ${Math.ceil(size / 2 ** 20)} MiB, more than any file of a workspace.`,
    {
      code: 'WORKSPACE_CORRUPT',
      hint: 'Restore it from a backup, or move it away and run the same command again: what is missing is named.',
    },
  );
}

/** A workspace file that no longer reads as what it was. It is left as it is: only a person may discard it. */
export function corruptFile(path: string, problem: string, cluster: string): UsageError {
  return new UsageError(`${path} is damaged: ${problem}.`, {
    code: 'WORKSPACE_CORRUPT',
    hint: `Restore it from a backup, or have it made anew from what the cluster and its provider tell: slipway cluster adopt ${cluster}`,
  });
}
