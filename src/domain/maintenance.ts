import { ageText } from './backup.js';
import { type Certificate, certificateState, endText, firstToEnd } from './certificates.js';
import type { BackupFacts } from './ills.js';
import { plural } from './plural.js';
import type { Allowed, MaintainPolicy } from './spec/maintain.js';
import { isSameMinor } from './upgrade.js';
import { isNewer, parseVersion } from './versions.js';
import { windowState } from './windows.js';

/** Kinds of work, in the order in which a round does them: backups before nodes are touched. */
export const maintainJobs = [
  'backup',
  'drill',
  'certificates',
  'patch',
  'minor',
  'components',
  'system',
  'tokens',
  'ssh-key',
] as const;
export type MaintainJob = (typeof maintainJobs)[number];

/** What is left of a job that was begun and is not through: by a round of maintenance, or by somebody. */
export type Begun = 'by a round' | 'by somebody';

/** How a cluster is, as far as it tells what is due. */
export interface MaintenanceFacts {
  /** What keeps it from being healthy, a line each. */
  readonly problems: readonly string[];
  /** Of each machine the certificate that ends first, and that of the kubeconfig. */
  readonly certificates: readonly (Certificate & { readonly machine: string })[];
  /** Undefined where its file asks for no backups. */
  readonly backup: BackupFacts | undefined;
  /** What the servers run, the lowest where they differ; undefined while none tells. */
  readonly version: string | undefined;
  /** The newest release of each channel; undefined where they are not asked for, or do not answer. */
  readonly channels: ReadonlyMap<string, string> | undefined;
  /** Components that differ from the file. */
  readonly components: readonly string[];
  /** Machines that wait for a reboot. */
  readonly reboots: readonly { readonly machine: string; readonly because: string }[];
  /** Milliseconds; undefined where there is nothing that could be rotated. */
  readonly tokensAgeMs: number | undefined;
  readonly keyAgeMs: number | undefined;
  readonly begun: {
    readonly upgrade?: { readonly to: string; readonly by: Begun } | undefined;
    readonly certificates?: Begun | undefined;
    readonly tokens?: Begun | undefined;
    readonly sshKey?: Begun | undefined;
    readonly system?: Begun | undefined;
  };
}

/** Something that is due. */
export interface DueJob {
  readonly job: MaintainJob;
  /** What exactly: `v1.36.6`. With the job it tells whether it is the one that failed before. */
  readonly what: string;
  readonly because: string;
  readonly begun?: Begun | undefined;
  /** The API is away already: nothing is disturbed by it, and nothing else can be done before. */
  readonly isUrgent?: boolean | undefined;
}

/** All that is due, in the order in which it is done. @param now milliseconds since 1970 */
export function dueJobs(facts: MaintenanceFacts, policy: MaintainPolicy, now: number): readonly DueJob[] {
  const found = [
    certificatesDue(facts, now),
    ...backupsDue(facts),
    ...releasesDue(facts),
    componentsDue(facts),
    systemDue(facts),
    rotationDue('tokens', 'its tokens', facts.tokensAgeMs, facts.begun.tokens, policy),
    rotationDue('ssh-key', 'its SSH key', facts.keyAgeMs, facts.begun.sshKey, policy),
  ].filter((job) => job !== undefined);
  const inOrder = maintainJobs.flatMap((job) => found.filter((one) => one.job === job));
  return [...inOrder.filter(({ isUrgent }) => isUrgent), ...inOrder.filter(({ isUrgent }) => !isUrgent)];
}

function certificatesDue({ certificates, begun }: MaintenanceFacts, now: number): DueJob | undefined {
  const job = 'certificates';
  if (begun.certificates)
    return { job, what: 'rotation', because: 'a renewal of them was not finished', begun: begun.certificates };
  const first = firstToEnd(certificates);
  if (!first) return undefined;
  const { machine, until } = certificates.find((one) => one === first)!;
  const state = certificateState(until, now);
  if (state === 'well') return undefined;
  const because = `a certificate of ${machine} ${endText(until, now)}`;
  return { job, what: until.slice(0, 10), because, isUrgent: state === 'expired' };
}

function backupsDue({ backup }: MaintenanceFacts): readonly DueJob[] {
  if (!backup) return [];
  const { ageMs, everyMs, provenMs, drillEveryMs, unproven } = backup;
  const isDue = ageMs === undefined || ageMs >= everyMs;
  const isDrillDue = provenMs === undefined || provenMs >= drillEveryMs;
  return [
    ...(isDue
      ? [
          {
            job: 'backup' as const,
            what: 'backup',
            because: ageMs === undefined ? 'there is none' : `the last one is ${ageText(ageMs)} old`,
          },
        ]
      : []),
    ...(isDrillDue
      ? [
          {
            job: 'drill' as const,
            what: 'drill',
            because:
              provenMs === undefined
                ? unproven.length > 0
                  ? `no copy was brought back yet of ${unproven.join(', ')}`
                  : 'no backup has been restored yet'
                : `the last proven restore was ${ageText(provenMs)} ago`,
          },
        ]
      : []),
  ];
}

function releasesDue({ version, channels, begun }: MaintenanceFacts): readonly DueJob[] {
  if (version === undefined) return [];
  if (begun.upgrade) {
    const { to, by } = begun.upgrade;
    const job = isSameMinor(version, to) ? 'patch' : 'minor';
    return [{ job, what: to, because: `an upgrade to ${to} was not finished`, begun: by }];
  }
  const { patch, minor } = newerReleases(version, channels);
  return [
    ...(patch === undefined
      ? []
      : [{ job: 'patch' as const, what: patch, because: `${patch} is out, ${version} runs` }]),
    ...(minor === undefined
      ? []
      : [{ job: 'minor' as const, what: minor, because: `${minor} is stable, ${version} runs` }]),
  ];
}

/** The newest patch of the minor that runs, and the newest of the next minor once that is stable; undefined: nothing newer. */
export function newerReleases(
  version: string,
  channels: ReadonlyMap<string, string> | undefined,
): { readonly patch: string | undefined; readonly minor: string | undefined } {
  const current = parseVersion(version);
  if (!current || !channels) return { patch: undefined, minor: undefined };
  const of = (minor: number): string | undefined => {
    const found = channels.get(`v${current.major}.${minor}`);
    return found !== undefined && parseVersion(found)?.prerelease === undefined && isNewer(found, version)
      ? found
      : undefined;
  };
  const stable = parseVersion(channels.get('stable') ?? '');
  const isStable = stable?.major === current.major && stable.minor > current.minor;
  return { patch: of(current.minor), minor: isStable ? of(current.minor + 1) : undefined };
}

function componentsDue({ components }: MaintenanceFacts): DueJob | undefined {
  if (components.length === 0) return undefined;
  const those = components.join(', ');
  const because = `${those} ${components.length === 1 ? 'differs' : 'differ'} from what is asked for`;
  return { job: 'components', what: those, because };
}

function systemDue({ reboots, begun }: MaintenanceFacts): DueJob | undefined {
  if (reboots.length === 0 && !begun.system) return undefined;
  const names = reboots.map(({ machine }) => machine);
  const those = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  const because =
    names.length === 0
      ? 'a round of reboots was not finished'
      : `${those} ${names.length === 1 ? 'waits' : 'wait'} for a reboot`;
  return { job: 'system', what: names.length === 0 ? 'reboot' : names.join(), because, begun: begun.system };
}

const dayMs = 24 * 3_600_000;

function rotationDue(
  job: 'tokens' | 'ssh-key',
  name: string,
  ageMs: number | undefined,
  begun: Begun | undefined,
  { rotateAfter }: MaintainPolicy,
): DueJob | undefined {
  if (begun) return { job, what: 'rotation', because: `a rotation of ${name} was not finished`, begun };
  const days = Number.parseInt(rotateAfter, 10);
  if (ageMs === undefined || ageMs < days * dayMs) return undefined;
  return { job, what: 'rotation', because: `${name} ${job === 'tokens' ? 'are' : 'is'} ${ageText(ageMs)} old` };
}

/** `run`: now · `ask`: a person has to agree · `wait`: for a window · `refuse`: not as the cluster is · `leave`: its file says so */
export type JobDecision = 'run' | 'ask' | 'wait' | 'refuse' | 'leave';

export interface JobVerdict extends DueJob {
  readonly does: JobDecision;
  /** Why it is not done now; undefined where it is. */
  readonly hindered?: string | undefined;
  /** Whether it is left because it failed in a round before, of which people know. */
  readonly failedBefore?: boolean | undefined;
}

/** A person's word for a job, which counts for exactly this: not for a release that is newer than the one agreed to. */
export interface Agreement {
  readonly job: MaintainJob;
  readonly what: string;
}

/** What is agreed to once a round begins. What is not due any more is forgotten, unless it could not be looked at. */
export function agreements(
  due: readonly DueJob[],
  { approved, agreed }: Pick<RoundTerms, 'approved' | 'agreed'>,
  isLookedAt: boolean,
): readonly Agreement[] {
  const still = agreed.filter((one) => !isLookedAt || due.some((job) => isSame(one, job)));
  const fresh = due.filter((job) => approved.has(job.job) && !still.some((one) => isSame(one, job)));
  return [...still, ...fresh.map(({ job, what }) => ({ job, what }))];
}

const isSame = (one: Agreement, other: Agreement): boolean => one.job === other.job && one.what === other.what;

/** How a round is asked for. */
export interface RoundTerms {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Jobs that a person agrees to now. */
  readonly approved: ReadonlySet<MaintainJob>;
  /** What a person agreed to in rounds before, and was not done since. */
  readonly agreed: readonly Agreement[];
  /** Whether there is somebody who is asked about each job. */
  readonly mayAsk: boolean;
  /** What failed in the round before, which nobody has agreed to since. */
  readonly failed: { readonly job: MaintainJob; readonly what: string; readonly message: string } | undefined;
}

/** Backups and drills disturb no node, and so wait for nothing. */
export const isDisruptive = (job: MaintainJob): boolean => job !== 'backup' && job !== 'drill';

/** What is done about what is due, as things are now. */
export function judgeJobs(
  due: readonly DueJob[],
  problems: readonly string[],
  policy: MaintainPolicy,
  terms: RoundTerms,
): readonly JobVerdict[] {
  const window = windowState(policy.windows, policy.timeZone, terms.now);
  const unfinished = due.find((job) => job.begun !== undefined && consent(job, policy, terms) !== undefined);
  return due.map((job): JobVerdict => {
    const without = consent(job, policy, terms);
    if (without) return { ...job, ...without };
    if (!isDisruptive(job.job) || job.isUrgent) return { ...job, does: 'run' };
    // What was begun is how a node that is down comes back; it looks for itself.
    const ill = job.begun ? [] : [...problems, ...(unfinished ? [unfinished.because] : [])];
    if (ill.length > 0) return { ...job, does: 'refuse', hindered: illText(ill) };
    const agreed = terms.agreed.some((one) => isSame(one, job)) ? 'you agreed to it, and ' : '';
    if (!window.open) return { ...job, does: 'wait', hindered: `${agreed}its window opens at ${atText(window.until)}` };
    return { ...job, does: 'run' };
  });
}

/** Why it is not done, whatever the cluster is like; undefined where it may be. */
function consent(
  job: DueJob,
  policy: MaintainPolicy,
  { approved, agreed, mayAsk, failed }: RoundTerms,
): Pick<JobVerdict, 'does' | 'hindered' | 'failedBefore'> | undefined {
  if (approved.has(job.job)) return undefined;
  const may = allowedOf(job.job, policy);
  if (may === 'never' && !job.begun) return { does: 'leave', hindered: 'the file says never' };
  if (mayAsk || agreed.some((one) => isSame(one, job))) return undefined;
  if (failed?.job === job.job && failed.what === job.what)
    return { does: 'ask', hindered: `it failed before: ${failed.message}`, failedBefore: true };
  if (job.begun === 'by a round') return undefined;
  if (job.begun) return { does: 'ask', hindered: 'somebody began it' };
  return may === 'ask' ? { does: 'ask', hindered: 'the file says to ask' } : undefined;
}

function allowedOf(job: MaintainJob, policy: MaintainPolicy): Allowed {
  if (job === 'backup') return 'auto';
  return job === 'ssh-key' ? policy.sshKey : policy[job];
}

const illText = (ill: readonly string[]): string =>
  `the cluster is not well: ${ill[0]!}${ill.length > 1 ? `, and ${plural(ill.length - 1, 'other')}` : ''}`;

/** `2026-11-27 02:30 UTC` */
const atText = (at: number): string =>
  Number.isFinite(at) ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'no time';
