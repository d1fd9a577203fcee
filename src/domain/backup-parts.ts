import { ageText } from './backup.js';
import { plural } from './plural.js';

/** What belongs to a backup beside etcd’s data. */
export interface BackupPart {
  readonly kind: 'claim' | 'stream';
  /** `shop/db`; of a stream `ORDERS`. */
  readonly name: string;
}

/** A part that was brought back from a backup and read, last. */
export interface ProvenPart extends BackupPart {
  /** Id of the backup. */
  readonly backup: string;
  /** ISO 8601. */
  readonly at: string;
  /** Into the cluster itself, or for a drill, which threw it away again. */
  readonly as: 'cluster' | 'drill';
  /** In milliseconds. */
  readonly tookMs: number;
  /** Files, or messages, that came back; undefined where they were not counted. */
  readonly count?: number | undefined;
}

/** The names of what a backup has copies of; undefined of one from before these were kept. */
export interface HeldParts {
  readonly volumes?: readonly string[] | undefined;
  readonly streams?: readonly string[] | undefined;
}

export const partsHeld = ({ volumes = [], streams = [] }: HeldParts): readonly BackupPart[] => [
  ...volumes.map((name) => ({ kind: 'claim' as const, name })),
  ...streams.map((name) => ({ kind: 'stream' as const, name })),
];

const isSame = (a: BackupPart, b: BackupPart): boolean => a.kind === b.kind && a.name === b.name;

/** Of what a backup holds, the parts of which none was brought back within this time: never, or longer ago. */
export const partsToProve = (
  held: readonly BackupPart[],
  proven: readonly ProvenPart[],
  now: number,
  everyMs: number,
): readonly BackupPart[] =>
  held.filter((part) => !proven.some((one) => isSame(one, part) && now - Date.parse(one.at) < everyMs));

export const neverProven = (held: readonly BackupPart[], proven: readonly ProvenPart[]): readonly BackupPart[] =>
  held.filter((part) => !proven.some((one) => isSame(one, part)));

/** What is known once these were brought back, too. */
export const withProven = (before: readonly ProvenPart[], now: readonly ProvenPart[]): readonly ProvenPart[] => [
  ...before.filter((one) => !now.some((other) => isSame(one, other))),
  ...now,
];

/** `volume of shop/db` */
export const partText = ({ kind, name }: BackupPart): string => `${kind === 'claim' ? 'volume of' : 'stream'} ${name}`;

/** `12 files, took 4 s` */
export function provenPartText({ kind, count, tookMs }: ProvenPart): string {
  const counted = count === undefined ? '' : `${plural(count, kind === 'claim' ? 'file' : 'message')}, `;
  return `${counted}took ${ageText(tookMs)}`;
}
