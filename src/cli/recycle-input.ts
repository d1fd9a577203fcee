import { Flags } from '@oclif/core';

import { editMachines } from '../config/index.js';
import { controlPlanePool, type MachineChange, type RecycleScope, withMachines } from '../domain/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';
import type { Runtime } from '../runtime/context.js';
import type { RecycleInput } from '../workflows/cluster/recycle/draft.js';
import type { ReplaceOptions } from '../workflows/cluster/replacements.js';
import { yesFlag } from './base-command.js';
import { fileChange } from './change-pools.js';
import { clusterInput } from './cluster-input.js';

/** How nodes are replaced, also where the file alone says which. */
export const replaceFlags = {
  'max-surge': Flags.integer({
    description: 'How many fresh machines may come before others leave; servers: one.',
    default: 1,
    min: 0,
    max: 50,
  }),
  'max-unavailable': Flags.integer({
    description: 'How many workers may be missing at a time.',
    default: 0,
    min: 0,
    max: 50,
  }),
  'accept-data-loss': Flags.string({
    description: 'A pod (NAMESPACE/POD) that may be lost with the data on its node’s disk.',
    multiple: true,
  }),
  'dry-run': Flags.boolean({ description: 'Show what would be done; change nothing.' }),
  yes: yesFlag,
} as const;

/** How nodes are replaced that are named. */
export const recycleFlags = {
  ...replaceFlags,
  type: Flags.string({
    description: 'Machine type of the fresh machines; several times: fallbacks.',
    multiple: true,
  }),
  location: Flags.string({ description: 'Location of the fresh machines.', multiple: true }),
  restart: Flags.boolean({ description: 'Begin anew where an unfinished recycle is to go on.' }),
} as const;

export interface ReplaceFlags {
  readonly 'max-surge': number;
  readonly 'max-unavailable': number;
  readonly 'accept-data-loss'?: readonly string[] | undefined;
}

export interface RecycleFlags extends ReplaceFlags {
  readonly type?: readonly string[] | undefined;
  readonly location?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly restart: boolean;
}

/** @throws UsageError code BAD_FLAGS */
export function replaceOptions(flags: ReplaceFlags): ReplaceOptions {
  const lose = flags['accept-data-loss'] ?? [];
  const misnamed = lose.find((pod) => !/^[^/]+\/[^/]+$/.test(pod));
  if (misnamed !== undefined) {
    throw new UsageError(`${misnamed} does not say which pod is meant.`, {
      code: 'BAD_FLAGS',
      hint: 'Name the namespace as well: --accept-data-loss NAMESPACE/POD',
    });
  }
  return { maxSurge: flags['max-surge'], maxUnavailable: flags['max-unavailable'], lose: new Set(lose) };
}

/**
 * What to replace, and by what. What the fresh machines are made of is written into the file, or is what is asked for from
 * then on where there is none.
 * @throws UsageError code BAD_FLAGS
 */
export async function recycleInput(
  runtime: Runtime,
  cluster: string,
  scope: RecycleScope,
  flags: RecycleFlags,
): Promise<RecycleInput> {
  const pool = scope.kind === 'pool' ? scope.pool : undefined;
  const change: MachineChange = { pool, type: flags.type, locations: flags.location, image: flags.image };
  refuseUnplaced(cluster, scope, change);
  const how = replaceOptions(flags);
  const input = await clusterInput(runtime, { name: cluster, file: undefined, describe: {} }, false);
  refuseUnlisted(input.spec, change);
  const isChanged = [change.type, change.locations, change.image].some((value) => value !== undefined);
  const { file } = input;
  return {
    ...input,
    spec: isChanged ? withMachines(input.spec, change) : input.spec,
    ...(isChanged && file !== undefined
      ? { begin: await fileChange(runtime, file, (text) => editMachines(text, change)) }
      : {}),
    scope,
    ...how,
    restart: flags.restart,
  };
}

/** A pool is nowhere where the cluster may not be. */
function refuseUnlisted({ name, provider }: ClusterSpec, { pool, locations = [] }: MachineChange): void {
  const unlisted = locations.find((location) => !(provider.locations ?? locations).includes(location));
  if (unlisted === undefined) return;
  throw new UsageError(`${name} may have machines at ${provider.locations!.join(', ')}, and not at ${unlisted}.`, {
    code: 'BAD_FLAGS',
    hint: `Add ${unlisted} to provider.locations, and to \`locations\` of what is to be there, then: slipway cluster recycle ${name} --pool ${pool}`,
  });
}

/** A type and locations belong to a pool in the file, an image to the cluster. */
function refuseUnplaced(cluster: string, scope: RecycleScope, { type, locations, image }: MachineChange): void {
  if ((type ?? locations) !== undefined && scope.kind !== 'pool') {
    throw new UsageError('--type and --location change a pool, and none is named.', {
      code: 'BAD_FLAGS',
      hint: `Name it: slipway cluster recycle ${cluster} --pool web; ${controlPlanePool} is the control plane.`,
    });
  }
  if (image !== undefined && (scope.kind === 'pool' || scope.kind === 'nodes')) {
    throw new UsageError('--image changes the whole cluster, and only some of its nodes are named.', {
      code: 'BAD_FLAGS',
      hint: `Replace all: slipway cluster recycle ${cluster} --image ${image}`,
    });
  }
}
