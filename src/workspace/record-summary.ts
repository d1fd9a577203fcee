import { withoutServers } from '../domain/spec/schema.js';
import { jsonOrUndefined } from '../http/json.js';
import { fieldsOf, isText } from './fields.js';
import { recordVersion } from './record-text.js';
import type { ClusterRecord, RecordSummary } from './types.js';

export const summaryOf = ({ spec, runningVersion, createdAt }: ClusterRecord): RecordSummary => ({
  provider: spec.provider.name,
  kubernetesVersion: runningVersion ?? 'unknown',
  desiredVersion: spec.kubernetes.version,
  machines:
    serversOf(spec.kubernetes.distribution, spec.controlPlane.count) +
    spec.pools.reduce((sum, pool) => sum + pool.count, 0),
  createdAt,
});

/**
 * What a list shows of a record, by its text. Undefined unless all of that is there in its place: then the whole record is
 * to be read.
 */
export function recordSummary(text: string): RecordSummary | undefined {
  const record = jsonOrUndefined(text);
  const { provider, kubernetes, controlPlane, pools } = fieldsOf(fieldsOf(record)['spec']);
  const { version, runningVersion, createdAt } = fieldsOf(record);
  const counts = [controlPlane, ...(Array.isArray(pools) ? (pools as unknown[]) : [undefined])].map(
    (group) => fieldsOf(group)['count'],
  );
  const name = fieldsOf(provider)['name'];
  const { version: desiredVersion, distribution } = fieldsOf(kubernetes);
  if (version !== recordVersion || !isText(name) || !isText(desiredVersion) || !isText(createdAt)) return undefined;
  if (!isText(runningVersion ?? '') || !counts.every((count) => Number.isInteger(count))) return undefined;
  return {
    provider: name,
    kubernetesVersion: isText(runningVersion) ? runningVersion : 'unknown',
    desiredVersion,
    machines: (counts as number[]).reduce(
      (sum, count, at) => sum + (at === 0 ? serversOf(distribution, count) : count),
      0,
    ),
    createdAt,
  };
}

/** Machines of the control plane, where it is made of any. */
const serversOf = (distribution: unknown, count: number): number =>
  typeof distribution === 'string' && withoutServers.has(distribution) ? 0 : count;
