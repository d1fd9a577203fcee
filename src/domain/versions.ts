import { compareText } from './compare-text.js';
/** A Kubernetes release of a distribution, such as `v1.36.5` with a build of its own behind a `+`. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `rc1` of `v1.37.0-rc1`; undefined for a release. */
  readonly prerelease: string | undefined;
  /** The name of its build; empty where there is no build. */
  readonly flavour: string;
  /** The number of its build: a later packaging of the same Kubernetes. */
  readonly build: number;
}

const form = /^v(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z][0-9A-Za-z.-]*))?(?:\+([a-z][a-z0-9]*?)(\d+))?$/;

/** Undefined for what is no version of this form. */
export function parseVersion(text: string): Version | undefined {
  const match = form.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch, prerelease, flavour = '', build = '0'] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease,
    flavour,
    build: Number(build),
  };
}

/**
 * Orders versions, builds included: semantic versioning ignores what follows `+`, where distributions count their own releases, and
 * text would put a tenth before a second. What is no version comes before every version.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) return Number(left !== undefined) - Number(right !== undefined) || compareText(a, b);
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrerelease(left.prerelease, right.prerelease) ||
    compareText(left.flavour, right.flavour) ||
    left.build - right.build
  );
}

export const isNewer = (version: string, than: string): boolean => compareVersions(version, than) > 0;

/** The lowest of several; undefined of none. */
export const lowestVersion = (versions: readonly string[]): string | undefined =>
  [...versions].sort(compareVersions)[0];

/** A release comes after its candidates; candidates by their number. */
function comparePrerelease(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a.localeCompare(b, 'en', { numeric: true }) || compareText(a, b);
}

/**
 * How many minors a part may be behind the newest API server (Kubernetes' version skew policy). None may be ahead of
 * the oldest one.
 */
export const versionSkew = { server: 1, node: 3 } as const;

/** Whether a part at this version works with these API servers; with none there is nothing to fit. */
export function fitsServers(part: keyof typeof versionSkew, version: string, servers: readonly string[]): boolean {
  const own = parseVersion(version);
  const others = servers.map(parseVersion);
  if (!own || others.some((server) => !server || server.major !== own.major)) return false;
  const minors = others.map((server) => server!.minor);
  if (minors.length === 0) return true;
  const behind = Math.max(...minors) - own.minor;
  // Servers may be one ahead of each other: that is how a control plane is upgraded.
  const ahead = own.minor - Math.min(...minors);
  return behind <= versionSkew[part] && ahead <= (part === 'server' ? versionSkew.server : 0);
}

/** Minors that lie between two versions, which an upgrade stops at: `v1.35` on the way from v1.34 to v1.36. */
export function minorsBetween(current: string, target: string): readonly string[] {
  const [from, to] = [parseVersion(current), parseVersion(target)];
  if (from === undefined || to?.major !== from.major) return [];
  return Array.from(
    { length: Math.max(0, to.minor - from.minor - 1) },
    (_, i) => `v${from.major}.${from.minor + 1 + i}`,
  );
}

/**
 * The releases an upgrade goes through, the target last: of each minor on the way the newest that is known. Undefined
 * where there is no way: back, to another major, or through a minor of which no release is known.
 */
export function upgradePath(
  current: string,
  target: string,
  releases: readonly string[],
): readonly string[] | undefined {
  if (current === target) return [];
  const [from, to] = [parseVersion(current), parseVersion(target)];
  if (!from || from.major !== to?.major || !isNewer(target, current)) return undefined;
  const stops = minorsBetween(current, target).map((minor) =>
    releases
      .filter((release) => release.startsWith(`${minor}.`) && isStable(release))
      .sort(compareVersions)
      .at(-1),
  );
  return stops.every((stop) => stop !== undefined) ? [...stops, target] : undefined;
}

function isStable(release: string): boolean {
  const version = parseVersion(release);
  return version !== undefined && version.prerelease === undefined;
}
