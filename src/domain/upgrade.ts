import type { Role } from './machine.js';
import { fitsServers, isNewer, parseVersion } from './versions.js';

/** What an upgrade was asked to end at: a release, or the newest of a channel. */
export type UpgradeTarget =
  { readonly kind: 'release'; readonly version: string } | { readonly kind: 'channel'; readonly channel: string };

/** Undefined for what is neither a release nor a channel. */
export function parseUpgradeTarget(text: string): UpgradeTarget | undefined {
  if (parseVersion(text)) return { kind: 'release', version: text };
  return /^(stable|v1\.[1-9]\d{0,2})$/.test(text) ? { kind: 'channel', channel: text } : undefined;
}

/** The minor that a release is of, as its channel is called: `v1.36`. */
export function minorOf(version: string): string {
  const { major, minor } = parseVersion(version) ?? { major: 0, minor: 0 };
  return `v${major}.${minor}`;
}

export const isSameMinor = (a: string, b: string): boolean => minorOf(a) === minorOf(b);

export interface UpgradeNode {
  readonly name: string;
  readonly role: Role;
  readonly version: string;
}

/** What comes to one release before anything goes to the next one: servers first. */
export interface UpgradeStage {
  readonly to: string;
  readonly servers: readonly UpgradeNode[];
  readonly workers: readonly UpgradeNode[];
}

/**
 * Servers stop at each release. Workers may be some minors behind the servers, and so go to the last one at once, where it
 * is not too far for them: each is disturbed once.
 */
export function upgradeStages(nodes: readonly UpgradeNode[], stops: readonly string[]): readonly UpgradeStage[] {
  let now = nodes;
  return stops.map((to, index) => {
    const next = stops[index + 1];
    const behind = now.filter(({ version }) => isNewer(to, version));
    const servers = behind.filter(({ role }) => role === 'control-plane');
    const workers = behind.filter(
      ({ role, version }) => role === 'worker' && (next === undefined || !fitsServers('node', version, [next])),
    );
    const changed = new Set([...servers, ...workers].map(({ name }) => name));
    now = now.map((node) => (changed.has(node.name) ? { ...node, version: to } : node));
    return { to, servers, workers };
  });
}

/** `10%` or `2`: how many of so many nodes may be down at once, never none. Undefined for what is neither. */
export function nodesAtOnce(text: string, nodes: number): number | undefined {
  const [, number, percent] = /^(\d{1,4})(%?)$/.exec(text) ?? [];
  if (number === undefined || Number(number) === 0 || (percent !== '' && Number(number) > 100)) return undefined;
  return percent === '' ? Number(number) : Math.max(1, Math.floor((nodes * Number(number)) / 100));
}
