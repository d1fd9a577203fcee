import type { ClusterRef, Slot } from './machine.js';

/** Labels on everything Slipway makes at a provider. They are how it finds its own again, without any file. */
export const labelKeys = {
  cluster: 'slipway.dev/cluster',
  clusterId: 'slipway.dev/cluster-id',
  pool: 'slipway.dev/pool',
  role: 'slipway.dev/role',
  slot: 'slipway.dev/slot',
  generation: 'slipway.dev/generation',
  /** What runs on the machine; machines of before it was written have the default. */
  distribution: 'slipway.dev/distribution',
  /** On a machine that waits to be promoted: `new`, or what it is prepared for, as `preparedMark` writes it. */
  standby: 'slipway.dev/standby',
} as const;

/** What a standby's label says until it is prepared. */
export const newStandby = 'new';

/** A release as a label's value. */
export const preparedMark = (version: string): string => version.replaceAll('+', '-');

/** Keeps workloads off the servers, where there are pools to carry them. */
export const controlPlaneTaint = {
  key: 'node-role.kubernetes.io/control-plane',
  value: 'true',
  effect: 'NoSchedule',
} as const;

/**
 * What a machine was made and configured by, as hashes: on its node as annotations and, where the provider has labels, at
 * the machine. Found again without a workspace; machines of before have neither, and nothing is known of them.
 */
export const madeByKeys = { config: 'slipway.dev/config', template: 'slipway.dev/template' } as const;

/** On a node that Slipway cordoned in order to empty it; one that a person cordoned does not carry it. */
export const cordonedAnnotation = 'slipway.dev/cordoned-for';

export function clusterLabels(cluster: ClusterRef): Record<string, string> {
  return { [labelKeys.cluster]: cluster.name, [labelKeys.clusterId]: cluster.id };
}

/** @param distribution what runs on the machine; undefined of those made before it was written down */
export function machineLabels(
  cluster: ClusterRef,
  slot: Slot,
  distribution: string | undefined,
): Record<string, string> {
  return {
    ...clusterLabels(cluster),
    [labelKeys.pool]: slot.pool,
    [labelKeys.role]: slot.role,
    [labelKeys.slot]: String(slot.slot),
    [labelKeys.generation]: String(slot.generation),
    ...(slot.standby === undefined ? {} : { [labelKeys.standby]: slot.standby }),
    ...(distribution === undefined ? {} : { [labelKeys.distribution]: distribution }),
  };
}

/** The slot that labels tell of; undefined when they are not ours. */
export function slotOf(labels: Readonly<Record<string, string>>): Slot | undefined {
  const { [labelKeys.pool]: pool, [labelKeys.role]: role } = labels;
  const slot = Number(labels[labelKeys.slot]);
  const generation = Number(labels[labelKeys.generation]);
  if (
    !pool ||
    (role !== 'control-plane' && role !== 'worker') ||
    !Number.isInteger(slot) ||
    !Number.isInteger(generation)
  )
    return undefined;
  const standby = labels[labelKeys.standby];
  return { pool, role, slot, generation, ...(standby === undefined ? {} : { standby }) };
}
