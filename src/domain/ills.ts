import { ageText } from './backup.js';
import { type Certificate, certificateState, endText, firstToEnd } from './certificates.js';
import type { Notice } from './notices.js';
import type { Allowed } from './spec/maintain.js';
import { type Support, supportRemedy, supportText } from './support.js';

/** What tells of ills that stay until somebody sees to them. */
export interface IllFacts {
  readonly cluster: string;
  /** Of each machine the certificate that ends first, and that of the kubeconfig. */
  readonly certificates: readonly (Certificate & { readonly machine: string })[];
  /** Whether rounds of maintenance renew them by themselves. */
  readonly renewal: Allowed;
  /** What the servers run, the lowest where they differ; undefined while none tells. */
  readonly version: string | undefined;
  readonly support: Support | undefined;
  readonly backup: BackupFacts | undefined;
}

/** Ages in milliseconds; undefined: there is none. */
export interface BackupFacts {
  readonly everyMs: number;
  readonly ageMs: number | undefined;
  readonly drillEveryMs: number;
  /** Of what has waited longest, where copies of volumes and streams belong to them; undefined: something of it never was. */
  readonly provenMs: number | undefined;
  /** What they have copies of, none of which was ever brought back: `volume of shop/db`. */
  readonly unproven: readonly string[];
}

/**
 * Whoever finds them says the same of them, under the same keys: what was told of by a watch is not told of again by a round.
 * @param now milliseconds since 1970
 */
export const standingIlls = (facts: IllFacts, now: number): readonly Notice[] => [
  ...certificateIlls(facts, now),
  ...versionIlls(facts),
  ...backupIlls(facts),
];

function certificateIlls({ cluster, certificates, renewal }: IllFacts, now: number): readonly Notice[] {
  const first = firstToEnd(certificates);
  if (!first) return [];
  const state = certificateState(first.until, now);
  // Months before its end a round has the time to renew it, and to wait for a window.
  if (state === 'well' || (state === 'soon' && renewal === 'auto')) return [];
  const { machine } = certificates.find((one) => one === first)!;
  return [
    {
      event: 'certificate',
      key: `certificate:${state}`,
      cluster,
      title: `A certificate of ${machine} ${endText(first.until, now)}.`,
      details: [`Renew them: slipway cluster rotate-certs ${cluster}`],
    },
  ];
}

function versionIlls({ cluster, version, support }: IllFacts): readonly Notice[] {
  if (version === undefined || !support || support.state === 'maintained') return [];
  return [
    {
      event: 'version',
      key: `version:${support.state}:${version.split('.').slice(0, 2).join('.')}`,
      cluster,
      title: `${supportText(version, support)}.`,
      details: [supportRemedy(cluster)],
    },
  ];
}

/** So many times the age that it may have makes a backup or a drill late. */
const late = 2;

const isLate = (ms: number | undefined, every: number): boolean => ms !== undefined && ms > late * every;

/** Whether no backup has been restored for far too long. Of one that never was, another word is said. */
export const isUnproven = ({ provenMs, drillEveryMs }: Pick<BackupFacts, 'provenMs' | 'drillEveryMs'>): boolean =>
  isLate(provenMs, drillEveryMs);

export const unprovenText = (cluster: string, provenMs: number): string =>
  `No backup of ${cluster} was restored for ${ageText(provenMs)}, so that nothing proves that one can be`;

function backupIlls({ cluster, backup }: IllFacts): readonly Notice[] {
  if (!backup) return [];
  const { ageMs, everyMs, provenMs } = backup;
  return [
    ...(isLate(ageMs, everyMs)
      ? [
          {
            event: 'backup' as const,
            key: 'backup:late',
            cluster,
            title: `The last backup of ${cluster} is ${ageText(ageMs!)} old, which is more than it may be.`,
            details: [`Take one: slipway backup create ${cluster}`],
          },
        ]
      : []),
    ...(isUnproven(backup)
      ? [
          {
            event: 'backup' as const,
            key: 'backup:unproven',
            cluster,
            title: `${unprovenText(cluster, provenMs!)}.`,
            details: [`Try it: slipway backup drill ${cluster}`],
          },
        ]
      : []),
  ];
}
