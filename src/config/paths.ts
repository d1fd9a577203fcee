import { homedir } from 'node:os';
import { resolve } from 'node:path';

import type { ClusterSpec } from '../domain/spec/schema.js';

/**
 * The same specification with every path absolute: relative ones are meant from the file's folder, `~/` from the
 * home folder. A record of it can then be used from anywhere on this computer.
 */
export function withAbsolutePaths(spec: ClusterSpec, folder: string, home: string = homedir()): ClusterSpec {
  const absolute = (path: string): string =>
    path.startsWith('~/') ? resolve(home, path.slice(2)) : resolve(folder, path);
  const { provider, kubernetes, components } = spec;
  return {
    ...spec,
    provider: { ...provider, ...(provider.identity === undefined ? {} : { identity: absolute(provider.identity) }) },
    kubernetes: { ...kubernetes, ...(kubernetes.bundle === undefined ? {} : { bundle: absolute(kubernetes.bundle) }) },
    ...(components ? { components: Object.assign({}, components, { folders: components.folders.map(absolute) }) } : {}),
  };
}
