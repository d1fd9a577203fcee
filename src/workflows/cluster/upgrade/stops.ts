import {
  compareVersions,
  isNewer,
  lowestVersion,
  minorsBetween,
  parseUpgradeTarget,
  parseVersion,
  upgradePath,
  type UpgradeTarget,
} from '../../../domain/index.js';
import type { Upgrades } from '../../../distributions/upgrades.js';
import { RefusedError, UsageError } from '../../../errors/index.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import { note, type WorkflowContext } from '../../context.js';

export interface StopsInput {
  readonly cluster: string;
  /** As it was typed. */
  readonly asked: string;
  /** What the servers run. */
  readonly servers: readonly string[];
  /** What any node runs. */
  readonly nodes: readonly string[];
  /** Where releases come from, instead of their site. */
  readonly bundle: string | undefined;
  /** An upgrade that was begun. */
  readonly begun: ClusterRecord['upgrade'];
}

/**
 * The releases that an upgrade goes through, the target last. What was found for the same words when it was begun counts: a
 * channel is never asked again half-way.
 * @throws UsageError codes BAD_USAGE, CHANNELS_UNREACHABLE, RELEASE_UNKNOWN; RefusedError code VERSION_OLDER
 */
export async function upgradeStopsFor(
  context: WorkflowContext,
  upgrades: Upgrades,
  input: StopsInput,
): Promise<readonly string[]> {
  const { asked, servers, begun } = input;
  const target = readTarget(input);
  const current = lowestVersion(servers)!;
  if (begun?.asked === asked) {
    if (target.kind === 'channel')
      note(
        context,
        `${asked} was ${begun.stops.at(-1)!} when this upgrade was begun, and stays so until it is through.`,
      );
    return begun.stops.filter((stop, index) => index === begun.stops.length - 1 || isNewer(stop, current));
  }
  const needsChannels = target.kind === 'channel' || minorsBetween(current, target.version).length > 0;
  const channels = needsChannels ? await upgrades.channels(context.channelServer, context) : new Map<string, string>();
  const version = target.kind === 'release' ? target.version : channels.get(target.channel);
  if (version === undefined || parseVersion(version) === undefined) throw unknownRelease(asked, [asked], current);
  refuseOlder(input, version);
  if (current === version) return [version];
  const path = upgradePath(current, version, [...channels.values()]);
  if (!path) {
    const known = new Set([...channels.values()].map((release) => release.split('.').slice(0, 2).join('.')));
    throw unknownRelease(
      version,
      minorsBetween(current, version).filter((minor) => !known.has(minor)),
      current,
    );
  }
  if (input.bundle !== undefined && path.length > 1) throw oneBundle(input, path);
  return path;
}

function readTarget({ asked, servers, bundle, cluster }: StopsInput): UpgradeTarget {
  const target = parseUpgradeTarget(asked);
  const example = servers[0]!;
  const flavour = parseVersion(example)?.flavour;
  if (!target || (target.kind === 'release' && parseVersion(target.version)?.flavour !== flavour)) {
    throw new UsageError(`${asked} is no release that ${cluster} could be brought to, and no channel.`, {
      code: 'BAD_USAGE',
      hint: `Write a release as it is published (${example} is what runs), or stable, or a minor such as v1.37.`,
    });
  }
  if (target.kind === 'channel' && bundle !== undefined) {
    throw new UsageError(`${cluster} takes its releases from the bundle ${bundle}, so ${asked} says nothing.`, {
      code: 'BAD_USAGE',
      hint: 'Name the release that the bundle holds: slipway bundle verify',
    });
  }
  return target;
}

function refuseOlder({ cluster, nodes }: StopsInput, version: string): void {
  const newest = [...nodes].sort(compareVersions).at(-1)!;
  if (!isNewer(newest, version)) return;
  throw new RefusedError(
    `${cluster} runs ${newest} already, and ${version} is older. Kubernetes does not go back to an older release.`,
    {
      code: 'VERSION_OLDER',
      hint: `Name ${newest} or a newer one. The way back is a restored snapshot of etcd.`,
    },
  );
}

const unknownRelease = (asked: string, channels: readonly string[], example: string): UsageError =>
  new UsageError(`No release is known for ${channels.join(' and ')}.`, {
    code: 'RELEASE_UNKNOWN',
    hint:
      channels[0] === asked
        ? `Name an exact release, as ${example} is one.`
        : `An upgrade to ${asked} goes through it. Name releases one minor at a time instead.`,
  });

const oneBundle = ({ bundle, cluster }: StopsInput, path: readonly string[]): UsageError =>
  new UsageError(`The bundle ${bundle!} holds one release, and the way goes by ${path.slice(0, -1).join(' and ')}.`, {
    code: 'RELEASE_UNKNOWN',
    hint: `Make a bundle of each release in turn, name it as kubernetes.bundle, and begin with: slipway cluster upgrade ${cluster} --to ${path[0]!}`,
  });
