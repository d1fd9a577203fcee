import { type Healing, isHealed, type Notice } from '../../domain/index.js';
import type { SlipwayError } from '../../errors/index.js';

/** What a look for lost machines led to. */
export interface HealTidings {
  readonly cluster: string;
  /** Undefined where it was refused before anything was judged. */
  readonly healing: Healing | undefined;
  /** What a person has to do. */
  readonly refused: SlipwayError | undefined;
  /** Whether what was judged was done. */
  readonly isDone: boolean;
}

/** Machines that were healed, and what was left for a person. What changes from look to look makes no other key. */
export function healIlls({ cluster, healing, refused, isDone }: HealTidings): readonly Notice[] {
  const acted = isDone ? (healing?.verdicts.filter(isHealed) ?? []) : [];
  const left = healing?.verdicts.filter(({ does }) => does === 'refuse').map(({ name }) => name) ?? [];
  return [
    ...acted.map(({ name, does, because }): Notice => {
      const did = does === 'reboot' ? 'was rebooted' : does === 'replace' ? 'was replaced' : 'was joined';
      return { event: 'heal', key: `heal:acted:${name}`, cluster, title: `${name} ${did}.`, details: [because] };
    }),
    ...(refused
      ? [
          {
            event: 'heal' as const,
            key: `heal:refused:${healing?.refused?.why ?? [...left].sort().join()}`,
            cluster,
            title: refused.message,
            details: wordsOf(refused),
          },
        ]
      : []),
  ];
}

/** An error that ended what was begun. */
export const stoppedIll = (event: 'heal' | 'upgrade', cluster: string, what: string, error: SlipwayError): Notice => ({
  event,
  key: `${event}:stopped:${what}`,
  cluster,
  title: `${what} stopped: ${error.message}`,
  details: wordsOf(error),
});

const wordsOf = ({ details, hint }: SlipwayError): readonly string[] => [
  ...details,
  ...(hint === undefined ? [] : [hint]),
];
