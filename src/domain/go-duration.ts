/**
 * A time such as `5m` as Go writes it, `5m0s`: the helm controller writes a HelmChart's timeout back that way, so
 * any other form would look like a change for ever.
 */
export function asGoWrites(time: string): string {
  let seconds = 0;
  for (const [, amount, unit] of time.matchAll(/(\d+)([hms])/g)) {
    seconds += Number(amount) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
  }
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}
