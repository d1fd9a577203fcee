import { fitsServers, plural } from '../../../domain/index.js';
import type { UpgradeRequest } from '../../../distributions/upgrades.js';
import { RefusedError, UsageError } from '../../../errors/index.js';
import type { Problem } from '../../../provider/port.js';
import type { Observation } from '../observe.js';

/** What becomes of workers that cannot be emptied. */
export interface QuarantineInput {
  /** `quarantine`: each stays as it is, aside, and a fresh machine takes its place. */
  readonly undrainable: 'stop' | 'quarantine';
  /** How many may be aside in all: `10%` or `2`. */
  readonly maxQuarantined: string;
}

type Undrainable = ReadonlyMap<string, readonly string[]>;

/**
 * Which workers are set aside, and how many more may be on the way.
 * @throws UsageError code BAD_USAGE: nothing could take their places; RefusedError code UNDRAINABLE: too many of them
 */
export function quarantineFor(
  { undrainable }: QuarantineInput,
  atMost: number,
  { facts }: Pick<Observation, 'facts'>,
  known: Undrainable,
  ownsMachines: boolean,
): UpgradeRequest['quarantine'] {
  if (undrainable === 'stop') return undefined;
  if (!ownsMachines)
    throw new UsageError('--undrainable quarantine needs a provider that makes machines: no other takes the place.', {
      code: 'BAD_USAGE',
      hint: 'Leave it out, and let the pods go: slipway cluster upgrade --help',
    });
  const held = facts.comparison.held ?? [];
  const more = atMost - held.length - known.size;
  if (more >= 0) return { workers: new Set(known.keys()), more };
  throw new RefusedError(
    `${plural(held.length + known.size, 'worker')} would be in quarantine, and no more than ${atMost} may be.`,
    {
      code: 'UNDRAINABLE',
      details: [
        ...held.map(({ name }) => `${name}: since an earlier upgrade`),
        ...[...known].map(([name, why]) => `${name}: ${why.join('; ')}`),
      ],
      hint: 'Let their pods go, or allow more: --max-quarantined',
    },
  );
}

export const arePlacesEmpty = ({ facts: { comparison } }: Pick<Observation, 'facts'>): boolean =>
  (comparison.held ?? []).some(({ pool, slot }) =>
    comparison.missing.some((machine) => machine.pool === pool && machine.slot === slot),
  );

export const asideLines = (known: Undrainable): readonly string[] =>
  [...known].map(([name, why]) => `${name} is set aside, and a fresh machine takes its place: ${why.join('; ')}`);

/** Those that earlier upgrades set aside and that servers of this release would not work with. */
export function heldProblems({ facts }: Pick<Observation, 'facts'>, to: string): readonly Problem[] {
  const tooOld = (facts.comparison.held ?? []).flatMap(({ name }) => {
    const version = facts.nodes?.get(name)?.version;
    return version === undefined || fitsServers('node', version, [to]) ? [] : [{ name, version }];
  });
  if (tooOld.length === 0) return [];
  return [
    {
      code: 'UNDRAINABLE',
      kind: 'refused',
      message: `${tooOld.map(({ name }) => name).join(', ')} cannot stay aside: servers with ${to} work with no node that old.`,
      details: tooOld.map(({ name, version }) => `${name} runs ${version}`),
      hint: `Empty it first: kubectl drain ${tooOld[0]!.name} --ignore-daemonsets --delete-emptydir-data`,
    },
  ];
}

/** What is to be said of machines that are aside. */
export const heldRemarks = (cluster: string, { comparison }: Observation['facts']): readonly string[] =>
  (comparison.held ?? []).map(
    ({ name }) =>
      `${name} is in quarantine: an upgrade could not empty it, and another machine has its place. Once its pods have gone (kubectl drain ${name} --ignore-daemonsets --delete-emptydir-data), slipway cluster apply ${cluster} deletes it.`,
  );
