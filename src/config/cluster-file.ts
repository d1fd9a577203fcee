import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import type { ComponentsSpec } from '../domain/spec/components.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import { checkTenants } from '../domain/spec/tenants.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { messageOf, UsageError } from '../errors/index.js';
import { absolutePath, componentsWithAbsolutePaths, withAbsolutePaths } from './paths.js';
import { pathText } from '../domain/source/problems.js';
import { badTenantFiles, readTenantFolder } from './tenant-files.js';
import { soundParts, validateCluster } from './validate.js';
import { readYaml, type Position } from '../domain/source/yaml.js';

/** A cluster file is a page or two; what is larger is something else. */
const maxBytes = 1024 * 1024;

const hint = '`slipway schema` prints what a cluster file may hold; docs/reference/cluster-file.md explains each key.';

/**
 * Holds what a file says of components against those there are, which this room does not know. Paths of problems begin
 * at the file's root; folders are absolute.
 */
export type ComponentsCheck = (
  components: ComponentsSpec,
  pools: readonly { readonly name: string }[],
) => Promise<readonly SpecProblem[]>;

/**
 * Reads and validates a cluster file, with the tenants of its folder; `-` is standard input, and paths in it begin at the
 * current folder.
 * @throws UsageError code NO_CLUSTER_FILE when it cannot be opened; BAD_CLUSTER_FILE with a line in `details` for each problem;
 * codes NO_TENANT_FOLDER and BAD_TENANT_FILE
 */
export async function loadClusterFile(
  path: string,
  checkComponents?: ComponentsCheck,
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<{ spec: ClusterSpec; path: string }> {
  const bytes = path === '-' ? await readStdin(stdin) : await readBytes(path);
  const text = decode(bytes, path);
  const folder = path === '-' ? process.cwd() : dirname(resolve(path));
  const problems = checkComponents ? await componentProblems(text, folder, checkComponents) : [];
  const spec = parseCluster(text, path === '-' ? 'stdin' : basename(path), problems);
  return { spec: await withTenantsOfFolder(withAbsolutePaths(spec, folder)), path };
}

/**
 * The same specification with the tenants of its folder among its tenants, so that whoever has it needs no more files.
 * @throws UsageError codes NO_TENANT_FOLDER, BAD_TENANT_FILE
 */
async function withTenantsOfFolder({ tenantsFrom, ...spec }: ClusterSpec): Promise<ClusterSpec> {
  if (tenantsFrom === undefined) return spec;
  const read = await readTenantFolder(tenantsFrom);
  const here = spec.tenants ?? [];
  const tenants = [...here, ...read.map(({ tenant }) => tenant)];
  const problems = checkTenants(tenants, spec.network).filter(({ path }) => Number(path[0]) >= here.length);
  if (problems.length > 0)
    throw badTenantFiles(
      tenantsFrom,
      problems.map(({ path: [index, ...inside], message, value }) => {
        const file = basename(read[Number(index) - here.length]!.file);
        return `${file}  ${pathText(inside)}: ${value === undefined ? '' : `${JSON.stringify(value)} is not allowed: `}${message}`;
      }),
    );
  return { ...spec, tenants };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw cannotRead(path, 'it is a folder', `Name the file in it: -f ${path.replace(/\/+$/, '')}/cluster.yaml`);
    if (found.size > maxBytes) throw cannotRead(path, tooLarge(`${Math.ceil(found.size / 1024)} KiB`));
    // What a shell hands over, or a device, has no size that could be asked for.
    return found.isFile() ? await readFile(path) : await readStdin(createReadStream(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw cannotRead(path, reasonOf(error), undefined, error);
  }
}

async function readStdin(stdin: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > maxBytes) throw cannotRead('-', tooLarge('more than 1024 KiB'));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (size: string): string => `it has ${size}; a cluster file has at most 1024`;

/** Problems of components, as far as that part of the file is sound by itself. */
async function componentProblems(
  text: string,
  folder: string,
  check: ComponentsCheck,
): Promise<readonly SpecProblem[]> {
  const { components, pools } = soundParts(readYaml(text).data);
  if (components === undefined) return [];
  const named = (pools ?? []).flatMap(({ name }) => (name === undefined ? [] : [{ name }]));
  return check(
    componentsWithAbsolutePaths(components, (path) => absolutePath(path, folder)),
    named,
  );
}

/**
 * Validates the text of a cluster file; `fileName` is what messages call it, `further` what else was found wrong.
 * @throws UsageError code BAD_CLUSTER_FILE, a line in `details` for each problem: `cluster.yaml:7:3  controlPlan: unknown key; …`.
 */
export function parseCluster(text: string, fileName: string, further: readonly SpecProblem[] = []): ClusterSpec {
  const source = readYaml(text);
  const lines: (Position & { text: string })[] = source.problems.map(({ message, ...at }) => ({
    ...at,
    text: message,
  }));
  if (source.problems.length === 0 || source.data !== undefined) {
    if (source.data === null)
      throw badFile(fileName, [`${fileName}:1:1  the file is empty; it needs at least name and provider`]);
    if (typeof source.data !== 'object' || Array.isArray(source.data))
      throw badFile(fileName, [
        `${fileName}:1:1  a cluster file is a map of keys, beginning with apiVersion: slipway.dev/v1`,
      ]);
    const { spec, problems } = validateCluster(source.data);
    if (spec && lines.length === 0 && further.length === 0) return spec;
    for (const { path, message, atKey } of [...(problems ?? []), ...further]) {
      const at = source.locate(path, atKey ?? false);
      if (atKey && source.problems.some(({ line, column }) => line === at.line && column === at.column)) continue;
      lines.push({ ...at, text: path.length === 0 ? message : `${pathText(path)}: ${message}` });
    }
  }
  lines.sort((a, b) => a.line - b.line || a.column - b.column);
  throw badFile(fileName, [
    ...new Set(lines.map(({ line, column, text: what }) => `${fileName}:${line}:${column}  ${what}`)),
  ]);
}

function badFile(fileName: string, details: readonly string[]): UsageError {
  const count = details.length === 1 ? 'a problem' : `${details.length} problems`;
  return new UsageError(`${fileName} has ${count}`, { code: 'BAD_CLUSTER_FILE', details, hint });
}

/** Text out of bytes, or an error that says what kind of file it is instead. */
function decode(bytes: Buffer, path: string): string {
  const utf16 =
    bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
  if (utf16) throw cannotRead(path, 'it is written in UTF-16', 'Save it as UTF-8.');
  if (bytes.includes(0)) throw cannotRead(path, 'it is a binary file', 'Name a YAML file.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw cannotRead(path, 'it is not UTF-8 text', 'Save it as UTF-8.', error);
  }
}

function cannotRead(path: string, reason: string, remedy?: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot read the cluster file ${path === '-' ? 'from standard input' : path}: ${reason}`, {
    code: 'NO_CLUSTER_FILE',
    hint: remedy ?? 'Name a readable file with -f, or describe the cluster with flags such as --provider.',
    cause,
  });
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'ENOTDIR') return 'a part of the path is not a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it';
  return messageOf(error);
}
