/** A time as Go prints it: the helm controller writes a HelmChart’s `5m` back as `5m0s`. */
export function goDurationText(time: string): string {
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  const seconds = [...time.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!,
    0,
  );
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const first = parts.findIndex((part) => part > 0);
  return parts
    .map((part, i) => `${part}${'hms'[i]!}`)
    .slice(first === -1 ? 2 : first)
    .join('');
}
