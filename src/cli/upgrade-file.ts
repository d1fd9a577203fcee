import { readFile } from 'node:fs/promises';

import { editVersion, parseCluster } from '../config/index.js';
import type { Runtime } from '../runtime/context.js';
import type { UpgradeInput } from '../workflows/cluster/upgrade.js';
import { clusterInput } from './cluster-input.js';
import { changeFile } from './replace-file.js';

/** What an upgrade takes from the file of a cluster that has one, and how it writes the new release into it. */
export async function upgradeFile(runtime: Runtime, name: string): Promise<Pick<UpgradeInput, 'bundle' | 'begin'>> {
  const { spec, file } = await clusterInput(runtime, { name, file: undefined, describe: {} }, false);
  return {
    bundle: spec.kubernetes.bundle,
    begin: async (version) => {
      if (file === undefined) return async () => {};
      const before = await readFile(file, 'utf8');
      const after = editVersion(before, version);
      // A file that cannot be read back is refused before any change.
      parseCluster(after, file);
      return changeFile(runtime, file, before, after);
    },
  };
}
