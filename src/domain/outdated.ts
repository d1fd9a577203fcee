import { diffMachine, type MachineDiff, remedyFor } from './machine-diff.js';
import { bySlot, type Machine } from './machine.js';
import { slotLabel } from './names.js';
import type { ClusterSpec } from './spec/schema.js';
import { isNewer, lowestVersion } from './versions.js';
import { groupsOf, type DesiredDefaults } from './desired.js';

/** What brings an outdated machine up to date, where applying the file does not. */
export type MachineNeed = 'cluster upgrade' | 'cluster recycle';

/** A machine that stays in its slot and is not as the file asks for. */
export interface OutdatedMachine extends MachineDiff {
  readonly machine: string;
  /** `web-1` */
  readonly slot: string;
  readonly pool: string;
  readonly role: Machine['role'];
  readonly needs: readonly MachineNeed[];
}

/** A machine that cannot be started beside the servers as they are, so that no step does. */
export interface UnfitMachine {
  readonly machine: string;
  /** `web-1` */
  readonly slot: string;
  readonly pool: string;
  readonly role: Machine['role'];
  readonly because: string;
  readonly hint: string;
}

/** The settings that servers must share, as text: what they shall be, and what a server was started with. */
export interface ServerConfig {
  readonly desired: string;
  /** By machine name; undefined where that is not known. */
  readonly of: (name: string) => string | undefined;
}

/**
 * Which of the machines that stay differ from the file in what they run or what they are. What a machine is says its
 * provider; a host that was there before Slipway is taken as its owner made it.
 * @param versionOf release that a machine's node runs, by machine name; undefined where that is not known
 */
export function outdatedMachines(
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  current: readonly Machine[],
  versionOf: (name: string) => string | undefined,
  config?: ServerConfig,
): readonly OutdatedMachine[] {
  const groups = groupsOf(spec, defaults);
  return [...current].sort(bySlot).flatMap((machine) => {
    const group = groups.find(({ pool, role }) => pool === machine.pool && role === machine.role);
    if (!group) return [];
    const { types, locations } = group;
    const made = machine.host === undefined;
    const isServer = machine.role === 'control-plane';
    const diff = diffMachine(
      {
        version: spec.kubernetes.version,
        config: isServer ? config?.desired : undefined,
        ...(made ? { types, locations, image: spec.image ?? defaults.image } : {}),
      },
      {
        version: versionOf(machine.name) || undefined,
        type: machine.type,
        imageNames: machine.imageNames,
        location: machine.location,
        config: isServer ? config?.of(machine.name) : undefined,
      },
    );
    if (diff.remedy === 'none') return [];
    const { name, pool, role } = machine;
    return [{ machine: name, slot: slotLabel(machine), pool, role, needs: needsFor(diff), ...diff }];
  });
}

function needsFor({ reasons }: MachineDiff): readonly MachineNeed[] {
  const found = new Set(reasons.map(remedyFor));
  return [
    ...(found.has('in-place') ? (['cluster upgrade'] as const) : []),
    ...(found.has('replace') ? (['cluster recycle'] as const) : []),
  ];
}

/**
 * The release that machines get which join now: that of the servers, the lowest where they differ, since no node may be
 * newer than an API server. The file's where no server is known to run anything yet.
 */
export const newcomerVersion = (asked: string, servers: readonly string[]): string => lowestVersion(servers) ?? asked;

/** The release that a machine gets whose k3s is installed again: never an older one than it had. */
export const reinstalledVersion = (newcomer: string, had: string | undefined): string =>
  had !== undefined && isNewer(had, newcomer) ? had : newcomer;
