import { supportOf } from '../../domain/index.js';
import type { ReleaseEnd } from '../port.js';
import { minorOf } from './minors.js';

const lastKnown = { minor: 37, year: 2027, month: 9 };
/** A minor comes about every four months, and each is kept for as long. */
const monthsBetween = 4;
const dayMs = 86_400_000;

/** LKE takes a minor away shortly before Kubernetes ends it, and its API names no date: so this is what is expected: Kubernetes' own day. */
export function endOf(version: string, now: number): ReleaseEnd | undefined {
  const minor = minorOf(version);
  if (minor === undefined) return undefined;
  const support = supportOf(`v${minor}.0`, undefined, now);
  const until = support?.by === 'date' ? support.until : later(Number(minor.split('.')[1]));
  if (until === undefined) return undefined;
  return { version: minor, until, daysLeft: Math.floor((Date.parse(`${until}T00:00:00Z`) - now) / dayMs) };
}

/** Undefined of minors that ended before those that are known. */
function later(minor: number): string | undefined {
  const more = minor - lastKnown.minor;
  if (!Number.isInteger(more) || more <= 0) return undefined;
  return new Date(Date.UTC(lastKnown.year, lastKnown.month + more * monthsBetween, 28)).toISOString().slice(0, 10);
}

/** How long before its end people are told. */
export const warnDays = 60;
