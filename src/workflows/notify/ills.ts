import { type Healing, type HealVerdict, isDown, isHealed, type Notice } from '../../domain/index.js';
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

const did: Readonly<Partial<Record<HealVerdict['does'], string>>> = {
  reboot: 'was rebooted',
  replace: 'was replaced',
  promote: 'was replaced by a standby',
  join: 'was joined',
};

/** Machines that were healed, and what was left for a person. What changes from look to look makes no other key. */
export function healIlls({ cluster, healing, refused, isDone }: HealTidings): readonly Notice[] {
  // That a pool follows its pods is no news.
  const acted = isDone ? (healing?.verdicts.filter((one) => isHealed(one) && isDown(one)) ?? []) : [];
  const left = healing?.verdicts.filter(({ does }) => does === 'refuse').map(({ name }) => name) ?? [];
  return [
    ...acted.map(({ name, does, because }): Notice => {
      return { event: 'heal', key: `heal:acted:${name}`, cluster, title: `${name} ${did[does]}.`, details: [because] };
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
