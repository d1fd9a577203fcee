import { Flags } from '@oclif/core';

import type { UpgradeHow } from '../workflows/cluster/upgrade.js';
import { milliseconds } from './duration.js';

/** How nodes are brought to another release, also where the file alone says to which. */
export const upgradeFlags = {
  soak: Flags.string({
    default: '0s',
    description: 'How long each wave is watched before the next begins: 30s, 5m.',
  }),
  'gate-url': Flags.string({
    description: 'A page that must answer as before, and not much slower, for the next wave to begin.',
  }),
  'gate-query': Flags.string({
    description: 'A query of Prometheus that finds something when users are not served, as an alert’s does.',
    dependsOn: ['gate-prometheus'],
  }),
  'gate-prometheus': Flags.string({
    description: 'Where Prometheus answers that query: http://127.0.0.1:9090.',
    dependsOn: ['gate-query'],
  }),
  strategy: Flags.option({
    options: ['in-place', 'replace'] as const,
    description: 'Change nodes where they run (default), or have fresh machines take their places.',
  })(),
  undrainable: Flags.option({
    options: ['stop', 'quarantine'] as const,
    default: 'stop' as const,
    description: 'What becomes of a worker that cannot be emptied: the end, or another takes its place.',
  })(),
  'max-quarantined': Flags.string({
    default: '10%',
    description: 'How many workers may be set aside so in all: a number, or a share, at least 1.',
  }),
  'accept-removed-apis': Flags.boolean({
    description: 'Go on although clients use APIs that the release does not serve any more.',
  }),
} as const;

interface TypedFlags {
  readonly soak: string;
  readonly strategy?: UpgradeHow['strategy'];
  readonly undrainable: UpgradeHow['undrainable'];
  readonly 'max-quarantined': string;
  readonly 'accept-removed-apis': boolean;
  readonly 'gate-url'?: string | undefined;
  readonly 'gate-query'?: string | undefined;
  readonly 'gate-prometheus'?: string | undefined;
}

/** @throws UsageError code BAD_FLAGS */
export const upgradeHow = (flags: TypedFlags): Omit<UpgradeHow, 'maxUnavailable' | 'lose'> => ({
  soakMs: milliseconds('--soak', flags.soak),
  acceptRemovedApis: flags['accept-removed-apis'],
  gate: gateOf(flags),
  strategy: flags.strategy,
  undrainable: flags.undrainable,
  maxQuarantined: flags['max-quarantined'],
});

function gateOf(flags: TypedFlags): UpgradeHow['gate'] {
  const { 'gate-url': url, 'gate-query': text, 'gate-prometheus': prometheus } = flags;
  return { url, query: text === undefined || prometheus === undefined ? undefined : { text, prometheus } };
}
