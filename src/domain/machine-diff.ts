import { compareVersions } from './versions.js';

/** What a machine and its node shall be. What is undefined is left open and differs from nothing. */
export interface DesiredState {
  /** Release of Kubernetes. */
  readonly version?: string | undefined;
  /** In order of preference; each is as good as asked for. */
  readonly types?: readonly string[] | undefined;
  readonly image?: string | undefined;
  /** Hash of what a machine is made by, its image included. */
  readonly template?: string | undefined;
  /** Each is as good as asked for. */
  readonly locations?: readonly string[] | undefined;
  /** The settings of its Kubernetes that are compared, as people read them. */
  readonly config?: string | undefined;
  /** Those of them that can't change in the life of a cluster, as people read them. */
  readonly fixed?: string | undefined;
  /** Labels that it must have; others are not looked at. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What was found of the machine, its node and its host. What is undefined is not known and differs from nothing. */
export interface ObservedState {
  readonly version?: string | undefined;
  readonly type?: string | undefined;
  /** Every name its image goes by: a snapshot has a number only, a system image both. */
  readonly imageNames?: readonly string[] | undefined;
  readonly template?: string | undefined;
  readonly location?: string | undefined;
  readonly config?: string | undefined;
  readonly fixed?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Marked for removal. */
  readonly marked?: boolean | undefined;
}

export const diffReasons = [
  'version',
  'type',
  'image',
  'template',
  'location',
  'config',
  'fixed',
  'labels',
  'marked',
] as const;
export type DiffReason = (typeof diffReasons)[number];

export interface MachineDifference {
  readonly reason: DiffReason;
  readonly desired: string;
  readonly observed: string;
}

/** From the mildest to the strongest: nothing, a change of the running machine, another machine in its slot, not at all. */
export const remedies = ['none', 'in-place', 'replace', 'refuse'] as const;
export type Remedy = (typeof remedies)[number];

export interface MachineDiff {
  readonly reasons: readonly MachineDifference[];
  /** The strongest that any of the reasons needs. */
  readonly remedy: Remedy;
}

/** What differs between a machine as it shall be and as it is, and what would make it so. */
export function diffMachine(desired: DesiredState, observed: ObservedState): MachineDiff {
  const image = oneOf('image', desired.image === undefined ? undefined : [desired.image], observed.imageNames);
  const reasons = [
    ...differs('version', desired.version, observed.version),
    ...oneOf('type', desired.types, observed.type === undefined ? undefined : [observed.type]),
    ...image,
    // Another image is another template: once is enough.
    ...(image.length > 0 ? [] : differs('template', desired.template, observed.template)),
    ...oneOf('location', desired.locations, observed.location === undefined ? undefined : [observed.location]),
    ...differs('config', desired.config, observed.config),
    ...differs('fixed', desired.fixed, observed.fixed),
    ...labelDifferences(desired.labels, observed.labels),
    ...(observed.marked ? [{ reason: 'marked', desired: 'in service', observed: 'marked for removal' } as const] : []),
  ];
  return { reasons, remedy: strongestRemedy(reasons) };
}

/** What makes all of the differences go. */
export const strongestRemedy = (reasons: readonly MachineDifference[]): Remedy =>
  remedies[Math.max(0, ...reasons.map((reason) => remedies.indexOf(remedyFor(reason))))]!;

/** What makes one difference go. */
export function remedyFor({ reason, desired, observed }: MachineDifference): Exclude<Remedy, 'none'> {
  switch (reason) {
    case 'version':
      // Kubernetes never goes back, short of restoring a snapshot of its data.
      return compareVersions(desired, observed) < 0 ? 'refuse' : 'in-place';
    case 'config':
    case 'labels':
      return 'in-place';
    case 'fixed':
      return 'refuse';
    case 'type':
    case 'image':
    case 'template':
    case 'location':
    case 'marked':
      return 'replace';
  }
}

function differs(
  reason: DiffReason,
  desired: string | undefined,
  observed: string | undefined,
): readonly MachineDifference[] {
  if (desired === undefined || observed === undefined || desired === observed) return [];
  return [{ reason, desired, observed }];
}

function oneOf(
  reason: DiffReason,
  desired: readonly string[] | undefined,
  observed: readonly string[] | undefined,
): readonly MachineDifference[] {
  if (!desired?.length || !observed?.length || observed.some((name) => desired.includes(name))) return [];
  return [{ reason, desired: desired.join(' or '), observed: observed[0]! }];
}

function labelDifferences(
  desired: DesiredState['labels'] = {},
  observed: ObservedState['labels'],
): readonly MachineDifference[] {
  if (observed === undefined) return [];
  const keys = Object.keys(desired)
    .filter((key) => desired[key] !== observed[key])
    .sort();
  if (keys.length === 0) return [];
  const text = (labels: Readonly<Record<string, string>>): string =>
    keys.map((key) => (labels[key] === undefined ? `${key} is not set` : `${key}=${labels[key]}`)).join(', ');
  return [{ reason: 'labels', desired: text(desired), observed: text(observed) }];
}
