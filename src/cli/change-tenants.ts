import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import {
  absolutePath,
  editTenantFile,
  editTenants,
  readTenantFolder,
  tenantFileText,
  type TenantEdit,
  tenantsOfText,
} from '../config/index.js';
import { RefusedError } from '../errors/index.js';
import type { Runtime } from '../runtime/context.js';
import { changeFile } from './replace-file.js';
import { fileChange } from './change-pools.js';

/** How files are changed once nothing was refused; answers with how to take that back. */
export type Begin = () => Promise<() => Promise<void>>;

/**
 * The change of the file that describes a tenant: the cluster file, or its own in the folder that this one names. New ones go
 * where the others are.
 * @param file the cluster file
 */
export async function tenantFileChange(
  runtime: Pick<Runtime, 'reporter' | 'clock'>,
  file: string,
  edit: TenantEdit,
): Promise<Begin> {
  const { names, folder } = tenantsOfText(await readFile(file, 'utf8'));
  if (folder === undefined || names.includes(edit.name))
    return fileChange(runtime, file, (text) => editTenants(text, edit));
  const at = absolutePath(folder, dirname(file));
  if (edit.kind === 'add')
    return () => createFile(runtime, join(at, `${edit.name}.yaml`), tenantFileText(edit.name, edit.change));
  const own = (await readTenantFolder(at)).find(({ tenant }) => tenant.name === edit.name);
  // Whoever is in neither is said to be by the cluster file.
  if (own === undefined) return fileChange(runtime, file, (text) => editTenants(text, edit));
  const before = await readFile(own.file, 'utf8');
  if (edit.kind === 'remove') return () => removeFile(runtime, own.file, before);
  return () => changeFile(runtime, own.file, before, editTenantFile(before, edit.change));
}

type Telling = Pick<Runtime, 'reporter' | 'clock'>;

const tell = ({ reporter, clock }: Telling, text: string): void =>
  reporter.emit({ type: 'note', at: clock.now(), level: 'info', text });

async function createFile(telling: Telling, path: string, text: string): Promise<() => Promise<void>> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new RefusedError(`${path} is there already, and describes another tenant.`, {
      code: 'FILE_CHANGED',
      hint: 'Move that file away, or give the tenant another name.',
      cause: error,
    });
  }
  tell(telling, `created ${path}`);
  return () => rm(path, { force: true });
}

async function removeFile(telling: Telling, path: string, text: string): Promise<() => Promise<void>> {
  await rm(path);
  tell(telling, `removed ${path}`);
  return () => writeFile(path, text);
}
