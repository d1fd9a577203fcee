import { parseVersion } from '../../../domain/index.js';
import type { EtcdVersions } from '../host/index.js';

/** The minor of etcd 3 in a release of k3s. What runs now is asked; what a release will bring is known only so. */
export function etcdMinorIn(k3sVersion: string): number {
  const minor = parseVersion(k3sVersion)?.minor ?? 0;
  return minor >= 37 ? 7 : minor >= 34 ? 6 : 5;
}

const minorOf = (etcdVersion: string): number => Number(etcdVersion.split('.')[1]);

/**
 * Why etcd as it is would not outlive the next release: it goes from minor to minor, and a server panics on data of two
 * before. What the members have agreed on counts, not what they run. Undefined: it would.
 */
export function etcdObstacle(found: ReadonlyMap<string, EtcdVersions>, to: string): string | undefined {
  const agreed = new Set([...found.values()].map(({ cluster }) => cluster));
  if (agreed.size > 1)
    return `The members of etcd do not agree on its version: ${[...found].map(([name, { cluster }]) => `${name} says ${cluster}`).join(', ')}.`;
  const [cluster] = agreed;
  if (cluster === undefined) return undefined;
  const expected = etcdMinorIn(to);
  if (minorOf(cluster) > expected)
    return `etcd is at version ${cluster}, and ${to} brings 3.${expected}, which does not read it.`;
  return expected - minorOf(cluster) > 1
    ? `etcd is at version ${cluster} still, and ${to} brings 3.${expected}, which does not read it.`
    : undefined;
}
