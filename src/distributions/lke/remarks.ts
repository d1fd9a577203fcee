import { compareVersions, plural } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { LkeFacts } from './context.js';
import type { ReleaseEnd } from '../port.js';
import { warnDays } from './end-of-life.js';
import { nextMinor } from './minors.js';

/** Nodes that run an older patch than the control plane, which LKE patched by itself: none of them by an unfinished upgrade. */
export function olderNodes({ nodes, patch }: Pick<LkeFacts, 'nodes' | 'patch'>): readonly string[] {
  if (patch === undefined) return [];
  return [...(nodes?.values() ?? [])]
    .filter(({ version }) => compareVersions(version, patch) < 0)
    .map(({ name }) => name);
}

/** What a plan does not mend, a line each. */
export function remarksOn({ name, controlPlane }: ClusterSpec, facts: LkeFacts): readonly string[] {
  const { managed, nodes, patch, pools, expectedEnd } = facts;
  const older = olderNodes(facts);
  const versions = [...new Set(older.map((one) => nodes!.get(one)!.version))].sort().join(', ');
  return [
    ...(older.length > 0
      ? [
          `${plural(older.length, 'node')} older than the control plane: LKE brought it to ${patch} by itself, and they run ${versions}. Recycle them: slipway cluster recycle ${name} --outdated`,
        ]
      : []),
    ...(expectedEnd && expectedEnd.daysLeft <= warnDays ? [endText(name, expectedEnd)] : []),
    ...(managed?.highAvailability && controlPlane.count === 1
      ? ['The control plane has high availability, which LKE does not turn off: set controlPlane.count to 3.']
      : []),
    ...pools.foreign.map(
      ({ id, type, count }) =>
        `Pool ${id} (${count} × ${type}) was not made by Slipway, and is left alone. To have it managed, tag it slipway:pool=NAME.`,
    ),
  ];
}

/** What is said of a release that ends soon. */
export const endText = (cluster: string, { version, until, daysLeft }: ReleaseEnd): string =>
  `Kubernetes ${version} ${daysLeft < 0 ? `was expected to leave LKE by ${until}` : `is expected to leave LKE by ${until}, in ${plural(daysLeft, 'day')}`}; LKE then upgrades by itself. Upgrade: slipway cluster upgrade ${cluster} --to ${nextMinor(version)}`;
