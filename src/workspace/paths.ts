import { delimiter, join, resolve } from 'node:path';

import { UsageError } from '../errors/index.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a place for a workspace is in a bucket. */
export const isS3 = (place: string): boolean => /^s3:/i.test(place);

/** The workspace's folder: `$SLIPWAY_HOME`, else the place where this system keeps a user's data. */
export function workspacePath(env: Environment, home: string, platform: NodeJS.Platform): string {
  if (env['SLIPWAY_HOME']) return resolve(env['SLIPWAY_HOME']);
  if (env['XDG_DATA_HOME']) return resolve(env['XDG_DATA_HOME'], 'slipway');
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'slipway')
    : join(home, '.local', 'share', 'slipway');
}

/**
 * The files of a user's kubeconfig. kubectl reads all: of a name the first file that has it counts, of `current-context`
 * the first that sets one.
 */
export type KubeconfigPaths = readonly [first: string, ...others: string[]];

/** Those that `$KUBECONFIG` names, else `~/.kube/config`. */
export function userKubeconfigPaths(env: Environment, home: string): KubeconfigPaths {
  const named = env['KUBECONFIG']?.split(delimiter).filter((path) => path !== '') ?? [];
  const [first = join(home, '.kube', 'config'), ...others] = [...new Set(named.map((path) => resolve(path)))];
  return [first, ...others];
}

/**
 * A name that becomes part of a path.
 * @throws UsageError code NAME_INVALID for anything that could leave its folder or hide in it.
 */
export function safeName(what: string, name: string): string {
  if (/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,126}[A-Za-z0-9])?$/.test(name)) return name;
  throw new UsageError(`${JSON.stringify(name)} is not a name for a ${what}.`, {
    code: 'NAME_INVALID',
    hint: 'Use letters, digits and dashes.',
  });
}
