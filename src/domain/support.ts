import { parseVersion } from './versions.js';

/**
 * When Kubernetes ends the maintenance of a minor, as https://kubernetes.io/releases/ publishes it; distributions follow. A minor that is newer than
 * this program is judged by how many are out.
 */
const ends: ReadonlyMap<string, string> = new Map([
  ['1.28', '2024-10-22'],
  ['1.29', '2025-02-28'],
  ['1.30', '2025-07-15'],
  ['1.31', '2025-11-11'],
  ['1.32', '2026-02-28'],
  ['1.33', '2026-06-28'],
  ['1.34', '2026-10-27'],
  ['1.35', '2027-02-28'],
  ['1.36', '2027-06-28'],
  ['1.37', '2027-10-28'],
]);

/** How many days before its end a minor is worth a word: then Kubernetes fixes only what is critical. */
const endingDays = 60;
const dayMs = 24 * 3_600_000;

/** Where no date is known: Kubernetes maintains the newest three minors. */
const maintainedMinors = 3;

/** Whether a release is of a minor that is still maintained, and what that is judged by: its date, or how many newer ones are out. */
export type Support = { readonly state: 'maintained' | 'ending' | 'ended' } & (
  { readonly by: 'date'; readonly until: string } | { readonly by: 'newer minors'; readonly newest: string }
);

/**
 * @param channels the newest release of each channel; undefined: nobody was asked
 * @param now milliseconds since 1970
 * @returns undefined where neither a date nor a channel tells
 */
export function supportOf(
  version: string,
  channels: ReadonlyMap<string, string> | undefined,
  now: number,
): Support | undefined {
  const current = parseVersion(version);
  if (!current) return undefined;
  const until = ends.get(`${current.major}.${current.minor}`);
  if (until !== undefined) return { state: stateAt(Date.parse(until) + dayMs, now), by: 'date', until };
  const released = [...(channels ?? new Map<string, string>()).values()].flatMap((text) => {
    const release = parseVersion(text);
    return release && release.major === current.major && release.prerelease === undefined ? [release.minor] : [];
  });
  if (released.length === 0) return undefined;
  const newest = Math.max(...released);
  const behind = newest - current.minor;
  return {
    state: behind >= maintainedMinors ? 'ended' : behind === maintainedMinors - 1 ? 'ending' : 'maintained',
    by: 'newer minors',
    newest: `v${current.major}.${newest}`,
  };
}

function stateAt(end: number, now: number): Support['state'] {
  if (now >= end) return 'ended';
  return end - now < endingDays * dayMs ? 'ending' : 'maintained';
}

/** `v1.34.9 is not maintained any more, since 2026-10-27` */
export function supportText(version: string, support: Support): string {
  if (support.state === 'maintained')
    return support.by === 'date' ? `${version} is maintained until ${support.until}` : `${version} is maintained`;
  if (support.by === 'date')
    return support.state === 'ended'
      ? `${version} is not maintained any more, since ${support.until}`
      : `${version} is maintained until ${support.until} only`;
  return support.state === 'ended'
    ? `${version} is not maintained any more, as ${support.newest} is out`
    : `${version} is of the oldest minor that is maintained, as ${support.newest} is out`;
}

/** What somebody does about it. */
export const supportRemedy = (cluster: string): string =>
  `See every step to the next minor: slipway cluster upgrade ${cluster} --to stable --dry-run`;
