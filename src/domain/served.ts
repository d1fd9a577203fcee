/** One answer of what users see; without a status there was none. */
export interface Probe {
  readonly status?: number | undefined;
  /** Milliseconds until it was there, or was given up. */
  readonly ms: number;
}

/** How much slower than before counts: this many times, and by no less than this many milliseconds. */
const slower = { times: 3, ms: 250 } as const;

/** Why what users see is no measure of a change: it fails before it. Undefined: it is one. */
export function unfitAsMeasure(before: readonly Probe[]): string | undefined {
  const failed = before.filter(isFailed);
  return failed.length === 0 ? undefined : `${failed.length} of ${before.length} requests fail: ${failures(failed)}`;
}

/** What users see otherwise than before a change; undefined: nothing. */
export function servedWorse(before: readonly Probe[], now: readonly Probe[]): string | undefined {
  const known = new Set(before.map(({ status }) => status));
  const worse = now.filter((probe) => isFailed(probe) || !known.has(probe.status));
  if (worse.length > 0) return `${worse.length} of ${now.length} requests fail: ${failures(worse)}`;
  const [was, is] = [median(before), median(now)];
  return is > was * slower.times && is - was > slower.ms
    ? `it answers within ${Math.round(is)} ms, where it did within ${Math.round(was)} ms before`
    : undefined;
}

const isFailed = ({ status }: Probe): boolean => status === undefined || status >= 500;

const failures = (probes: readonly Probe[]): string =>
  [...new Set(probes.map(({ status }) => (status === undefined ? 'no answer' : `status ${status}`)))].join(', ');

function median(probes: readonly Probe[]): number {
  const sorted = probes.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
