import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { nearest } from '../../domain/nearest.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import { clusterOf, noId } from './list.js';
import { checkEndpoints } from './endpoints.js';
import { componentState } from './planned.js';
import { note, type WorkflowContext } from '../context.js';

export interface ComponentRendering {
  readonly cluster: string;
  readonly components: readonly string[];
  /** Absolute path of the folder; undefined when nothing was written. */
  readonly folder: string | undefined;
  /** Text by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Files of an earlier rendering that were taken away. */
  readonly removed: readonly string[];
}

export interface RenderRequest {
  readonly spec: ClusterSpec;
  /** Empty: all that are on. */
  readonly names: readonly string[];
  /** Absolute path; undefined: nothing is written. */
  readonly folder: string | undefined;
}

/**
 * Writes what components put into the cluster as files that Flux, Argo CD or kubectl can apply. No secrets.
 * @throws UsageError codes COMPONENT_NOT_ON, NOT_OUR_FILES and those of rendering
 */
export async function renderToFiles(
  context: WorkflowContext,
  { spec, names, folder }: RenderRequest,
): Promise<ComponentRendering> {
  const { renderedFiles, secretNeeds } = await import('../../components/index.js');
  const provider = await context.provider(spec.provider);
  const cluster = await clusterOf(context, spec);
  const { selection, rendered, tenants } = await componentState(context, provider, cluster, spec, undefined, 'look');
  for (const warning of selection.warnings) note(context, warning, 'warning');
  await checkEndpoints(context, selection, spec);
  for (const name of names) refuseUnknown(name, selection);
  const all = [...rendered, ...tenants.flatMap((one) => one.rendered)];
  const desired = all.filter(({ id }) => names.length === 0 || names.includes(id));
  const needs = secretNeeds(selection).filter(({ component }) => desired.some(({ id }) => id === component));
  const files = renderedFiles(desired, needs);
  const removed = folder === undefined ? [] : await writeFiles(folder, files);
  if (cluster.id === noId && [...files.values()].some((text) => text.includes(noId)))
    note(
      context,
      `${spec.name} was not created yet: where its id belongs, the files say “planned”. Render again once it is there.`,
      'warning',
    );
  return {
    cluster: spec.name,
    components: desired.map(({ id }) => id),
    folder,
    files: Object.fromEntries(files),
    removed,
  };
}

/** @throws UsageError code COMPONENT_NOT_ON */
function refuseUnknown(name: string, { on, off }: Awaited<ReturnType<typeof componentState>>['selection']): void {
  if (on.some(({ id }) => id === name)) return;
  const found = off.find(({ definition }) => definition.name === name);
  const near = nearest(
    name,
    [...on, ...off].map(({ definition }) => definition.name),
  );
  throw new UsageError(found ? `${name} is off: ${found.because}.` : `There is no component called ${name}.`, {
    code: 'COMPONENT_NOT_ON',
    hint: found
      ? `Name it in the cluster file under components: ${name}: true`
      : near !== undefined
        ? `Did you mean ${near}?`
        : 'See what there is: slipway component list',
  });
}

/**
 * Makes a folder hold these files, and takes away those of an earlier rendering. Files of others are never touched.
 * @throws RefusedError code NOT_OUR_FILES, before anything is written
 */
async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const { filesHeader } = await import('../../components/index.js');
  const present = await filesIn(folder);
  const ours = new Set<string>();
  for (const path of present) if ((await readFile(join(folder, path), 'utf8')).startsWith(filesHeader)) ours.add(path);
  const taken = present.filter((path) => files.has(path) && !ours.has(path));
  if (taken.length > 0)
    throw new RefusedError(`${folder} holds files of somebody else’s under names that are needed.`, {
      code: 'NOT_OUR_FILES',
      details: taken,
      hint: 'Name another folder with --out, or move those files away.',
    });
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const stale = [...ours].filter((path) => !files.has(path)).sort();
  for (const path of stale) await rm(join(folder, path));
  return stale;
}

/** Paths of YAML files in a folder, from it; none where there is no folder. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR')
      throw new UsageError(`${folder} is a file, not a folder.`, {
        code: 'BAD_USAGE',
        hint: 'Name a folder with --out.',
        cause: error,
      });
    throw error;
  }
}
