import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Config, Interfaces } from '@oclif/core';

/** The package's folder, seen from build/scripts. */
export const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface FreshConfig {
  readonly config: Config;
  /** What `oclif manifest` would write now. */
  readonly manifest: Interfaces.Manifest;
}

/**
 * oclif's configuration as the compiled commands give it, whatever oclif.manifest.json says.
 * @throws when a command cannot be loaded.
 */
export async function freshConfig(root: string = packageRoot): Promise<FreshConfig> {
  // Decided once, when oclif is imported: colours and width must not depend on who builds.
  process.env['FORCE_COLOR'] = '1';
  process.env['OCLIF_COLUMNS'] = '80';
  delete process.env['NO_COLOR'];
  const { Config, Plugin, settings } = await import('@oclif/core');
  settings.enableAutoTranspile = false;
  const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
  await plugin.load();
  const config = await Config.load({ root, plugins: new Map([[plugin.name, plugin]]) });
  return { config, manifest: { ...plugin.manifest, commands: sorted(plugin.manifest.commands) } };
}

/** By name: oclif lists the commands as the file system does, and that order differs between machines. */
function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
