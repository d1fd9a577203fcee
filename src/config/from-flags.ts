import type { ComponentsSpec } from '../domain/spec/components.js';
import type { ClusterFile, ClusterSpec } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';
import { pathText } from '../domain/source/problems.js';
import { validateCluster } from './validate.js';

/** What flags can say about a cluster; undefined leaves the default. */
export interface ClusterFlags {
  readonly name: string;
  readonly provider: string;
  readonly location?: string | readonly string[] | undefined;
  readonly residency?: readonly string[] | undefined;
  readonly controlPlanes?: number | undefined;
  /** Above 0 makes one pool named `workers`. */
  readonly workers?: number | undefined;
  /** For control planes and workers; a list is an ordered fallback. */
  readonly type?: string | readonly string[] | undefined;
  readonly kubernetesVersion?: string | undefined;
  readonly image?: string | undefined;
  readonly networkRange?: string | undefined;
  readonly sshAllow?: readonly string[] | undefined;
  readonly apiAllow?: readonly string[] | undefined;
  readonly components?: ComponentsSpec['preset'] | undefined;
}

/** Which flag set a value, longest path first. */
const flagOfPath: readonly (readonly [path: string, flag: string])[] = [
  ['name', 'NAME'],
  ['provider.name', '--provider'],
  ['provider.locations', '--location'],
  ['provider.residency', '--residency'],
  ['controlPlane.count', '--control-planes'],
  ['controlPlane.type', '--type'],
  ['pools[0].count', '--workers'],
  ['pools[0].type', '--type'],
  ['kubernetes.version', '--kubernetes-version'],
  ['kubernetes.api.allow', '--api-allow'],
  ['ssh.allow', '--ssh-allow'],
  ['network.range', '--network-range'],
  ['image', '--image'],
  ['components.preset', '--components'],
];

/**
 * The specification that flags describe, through the same schema as a file.
 * @throws UsageError code BAD_FLAGS, a line in `details` for each problem: `--control-planes: 2 is not allowed: …`.
 */
export function specFromFlags(flags: ClusterFlags): ClusterSpec {
  const { spec, problems } = validateCluster(fileOf(flags));
  if (spec) return spec;
  const details = [...new Set(problems.map(({ path, message }) => `${flagOf(path)}: ${message}`))];
  const what = details.length === 1 ? 'A flag is' : `${details.length} flags are`;
  throw new UsageError(details.length === 1 ? (details[0] ?? what) : `${what} wrong`, {
    code: 'BAD_FLAGS',
    details: details.length === 1 ? [] : details,
    hint: 'Correct the command and run it again; nothing was changed.',
  });
}

/** The cluster file that says the same as the flags. */
function fileOf(flags: ClusterFlags): ClusterFile {
  const type = listOf(flags.type);
  const given = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value });
  const version = given('version', flags.kubernetesVersion);
  const api = flags.apiAllow === undefined ? {} : { api: { allow: [...flags.apiAllow] } };
  return {
    name: flags.name,
    provider: {
      name: flags.provider,
      ...given('locations', listOf(flags.location)),
      ...given('residency', listOf(flags.residency)),
    },
    kubernetes: { ...version, ...api },
    // The schema refuses even counts with the reason, so the number goes in as it came.
    controlPlane: { ...given('count', flags.controlPlanes as 1 | 3 | 5 | undefined), ...given('type', type) },
    pools:
      flags.workers === undefined || flags.workers === 0
        ? []
        : [{ name: 'workers', count: flags.workers, ...given('type', type) }],
    ...(flags.networkRange === undefined ? {} : { network: { range: flags.networkRange } }),
    ...(flags.sshAllow === undefined ? {} : { ssh: { allow: [...flags.sshAllow] } }),
    ...given('image', flags.image),
    ...(flags.components === undefined
      ? {}
      : { components: { preset: flags.components } as NonNullable<ClusterFile['components']> }),
  };
}

function listOf(value: string | readonly string[] | undefined): string[] | undefined {
  if (value === undefined || value.length === 0) return undefined;
  return typeof value === 'string' ? [value] : [...value];
}

function flagOf(path: readonly (string | number)[]): string {
  const text = pathText(path);
  return flagOfPath.find(([prefix]) => text.startsWith(prefix))?.[1] ?? text;
}
