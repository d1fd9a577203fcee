import {
  type DesiredState,
  diffMachine,
  type MachineDiff,
  type MachineDifference,
  type ObservedState,
  remedyFor,
  strongestRemedy,
} from './machine-diff.js';
import { bySlot, type Machine } from './machine.js';
import { slotLabel } from './names.js';
import type { ClusterSpec } from './spec/schema.js';
import { isNewer, lowestVersion } from './versions.js';
import { groupsOf, type DesiredDefaults } from './desired.js';

/** What brings an outdated machine up to date. */
export type MachineNeed = 'cluster apply' | 'cluster upgrade' | 'cluster recycle';

/** A machine that is not as the file asks for. */
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

/** What is known of a machine beside what its provider says, and what the file says of that. */
export interface KnownState {
  readonly desired?: Pick<DesiredState, 'config' | 'fixed' | 'labels' | 'template'> | undefined;
  readonly observed: Pick<ObservedState, 'version' | 'config' | 'fixed' | 'labels' | 'template'>;
}

/**
 * Which machines differ from the file in what they run or what they are. What a machine is says its provider; a host
 * that was there before Slipway is taken as its owner made it.
 * @param machines those that stay, and those marked for removal whose slots get another
 */
export function outdatedMachines(
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  machines: readonly Machine[],
  known: (machine: Machine) => KnownState,
): readonly OutdatedMachine[] {
  const groups = groupsOf(spec, defaults);
  return [...machines].sort(bySlot).flatMap((machine) => {
    const group = groups.find(({ pool, role }) => pool === machine.pool && role === machine.role);
    if (!group || (group.most === undefined && machine.slot > group.count)) return [];
    const diff = machine.markedForRemoval
      ? diffMachine({}, { marked: true })
      : diffCurrent(spec, defaults, group, machine, known(machine));
    if (diff.remedy === 'none') return [];
    const { name, pool, role } = machine;
    return [{ machine: name, slot: slotLabel(machine), pool, role, needs: needsFor(diff), ...diff }];
  });
}

function diffCurrent(
  spec: ClusterSpec,
  defaults: DesiredDefaults,
  { types, locations }: Pick<ReturnType<typeof groupsOf>[number], 'types' | 'locations'>,
  { host, type, imageNames, location }: Machine,
  { desired, observed }: KnownState,
): MachineDiff {
  const made = { types, locations, image: spec.image ?? defaults.image };
  return diffMachine(
    { version: spec.kubernetes.version, ...desired, ...(host === undefined ? made : { template: undefined }) },
    { type, imageNames, location, ...observed },
  );
}

/** What brings one difference to what the file asks for; undefined: nothing does. */
export function needFor(difference: MachineDifference): MachineNeed | undefined {
  if (isDoneAtOnce(difference) || difference.reason === 'config') return 'cluster apply';
  const remedy = remedyFor(difference);
  return remedy === 'refuse' ? undefined : remedy === 'replace' ? 'cluster recycle' : 'cluster upgrade';
}

const needsFor = ({ reasons }: Pick<MachineDiff, 'reasons'>): readonly MachineNeed[] => {
  const found = reasons.map(needFor);
  return (['cluster apply', 'cluster upgrade', 'cluster recycle'] as const).filter((need) => found.includes(need));
};

/** Whether steps beside all others make it go; a configuration and a release are a rollout of their own. */
const isDoneAtOnce = ({ reason }: MachineDifference): boolean => reason === 'labels' || reason === 'marked';

/** Of these machines, those that the steps of the rest of the file leave as they are, with what they leave. */
export const leftBySteps = (outdated: readonly OutdatedMachine[]): readonly OutdatedMachine[] =>
  outdated.flatMap((machine) => {
    const reasons = machine.reasons.filter((reason) => !isDoneAtOnce(reason));
    return reasons.length === 0 ? [] : [{ ...machine, reasons }];
  });

/** Whether `cluster apply` replaces it: by its type, its image or its location it is another machine than the file asks for. */
export const isReplacedByApply = ({ reasons }: OutdatedMachine): boolean =>
  reasons.some(({ reason }) => reason === 'type' || reason === 'image' || reason === 'location');

/** Whether an upgrade brings it to the release that the file asks for. */
export const isBroughtByUpgrade = ({ reasons }: OutdatedMachine): boolean =>
  reasons.some((reason) => needFor(reason) === 'cluster upgrade');

/** Whether its configuration is to be written anew. */
export const isConfiguredByApply = ({ reasons }: Pick<OutdatedMachine, 'reasons'>): boolean =>
  reasons.some(({ reason }) => reason === 'config');

const isBrought = (difference: MachineDifference): boolean =>
  needFor(difference) === 'cluster upgrade' || difference.reason === 'config';

/** What the rollouts of `cluster apply` change of machines: their configuration, then their release. */
export const broughtByRollouts = (outdated: readonly OutdatedMachine[]): readonly OutdatedMachine[] =>
  filtered(outdated, isBrought);

/** What is left of machines once those are through. */
export const besideRollouts = (outdated: readonly OutdatedMachine[]): readonly OutdatedMachine[] =>
  filtered(outdated, (difference) => !isBrought(difference));

/** What is left of machines once an upgrade is through. */
export const besideUpgrade = (outdated: readonly OutdatedMachine[]): readonly OutdatedMachine[] =>
  filtered(outdated, (difference) => needFor(difference) !== 'cluster upgrade');

/** What is left of machines once their configuration is written anew. */
export const besideSettings = (outdated: readonly OutdatedMachine[]): readonly OutdatedMachine[] =>
  filtered(outdated, ({ reason }) => reason !== 'config');

const filtered = (
  outdated: readonly OutdatedMachine[],
  isLeft: (difference: MachineDifference) => boolean,
): readonly OutdatedMachine[] => outdated.flatMap((machine) => withReasons(machine, machine.reasons.filter(isLeft)));

const withReasons = (machine: OutdatedMachine, reasons: OutdatedMachine['reasons']): readonly OutdatedMachine[] =>
  reasons.length === 0 ? [] : [{ ...machine, reasons, remedy: strongestRemedy(reasons), needs: needsFor({ reasons }) }];

/** What is left of it once those machines are replaced: a fresh one runs what the servers run, with their settings. */
export const outdatedBeside = (
  outdated: readonly OutdatedMachine[],
  replaced: ReadonlySet<string>,
): readonly OutdatedMachine[] =>
  outdated.flatMap((machine) => {
    if (!replaced.has(machine.machine)) return [machine];
    const reasons = machine.reasons.filter(
      ({ reason }) => reason === 'version' || (reason === 'config' && machine.role === 'control-plane'),
    );
    return withReasons(machine, reasons);
  });

/**
 * The release that machines get which join now: that of the servers, the lowest where they differ, since no node may be
 * newer than an API server. The file's where no server is known to run anything yet.
 */
export const newcomerVersion = (asked: string, servers: readonly string[]): string => lowestVersion(servers) ?? asked;

/** The release that a machine gets whose Kubernetes is installed again: never an older one than it had. */
export const reinstalledVersion = (newcomer: string, had: string | undefined): string =>
  had !== undefined && isNewer(had, newcomer) ? had : newcomer;
