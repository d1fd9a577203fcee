import { plural } from './plural.js';

const dayMs = 24 * 3_600_000;

/** A certificate of a node. */
export interface Certificate {
  /** Where it lies, below the data of what it belongs to: `server/tls/client-admin.crt`. */
  readonly path: string;
  /** ISO 8601: not valid from then on. */
  readonly until: string;
}

/** How many days before the end a certificate is worth a word, and from when on it is urgent. */
export const certificateDays = { soon: 90, urgent: 30 } as const;

export type CertificateState = 'well' | 'soon' | 'urgent' | 'expired';

/** The one that ends first; undefined where there is none. */
export const firstToEnd = (certificates: readonly Certificate[]): Certificate | undefined =>
  [...certificates].sort((a, b) => Date.parse(a.until) - Date.parse(b.until))[0];

/** @param now milliseconds since 1970 */
export function certificateState(until: string, now: number): CertificateState {
  const left = Date.parse(until) - now;
  if (left <= 0) return 'expired';
  if (left < certificateDays.urgent * dayMs) return 'urgent';
  return left < certificateDays.soon * dayMs ? 'soon' : 'well';
}

/** `ends in 12 days, on 2026-12-08`, `ended on 2026-11-20` */
export function endText(until: string, now: number): string {
  const on = until.slice(0, 10);
  const days = Math.floor((Date.parse(until) - now) / dayMs);
  if (days < 0) return `ended on ${on}`;
  return `ends in ${days === 0 ? 'less than a day' : plural(days, 'day')}, on ${on}`;
}
