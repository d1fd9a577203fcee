import { createHash } from 'node:crypto';

import type { ClusterRef } from '../../src/domain/machine.js';
import type { AccountWords } from '../../src/provider/kit/ownership.js';

export const account: AccountWords = {
  account: 'libvirt host',
  console: 'host (virsh, virt-manager)',
  own: 'a host of its own',
};

/** An id that anybody computes alike: what has it was made by Slipway for exactly this. */
export function uuidOf(...parts: readonly string[]): string {
  const digits = createHash('sha256')
    .update(JSON.stringify(['slipway', ...parts]))
    .digest('hex');
  // Version 8 is for ids by a rule of one's own.
  const marked = `${digits.slice(0, 12)}8${digits.slice(13, 16)}8${digits.slice(17, 32)}`;
  return marked.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const machineUuid = (cluster: ClusterRef, name: string): string => uuidOf('machine', cluster.id, name);
export const networkUuid = (clusterId: string): string => uuidOf('network', clusterId);

/** Cluster names have no dots, and neither have their ids. */
export const networkName = ({ name, id }: ClusterRef): string => `slipway.${name}.${id}`;

/** Volumes have no labels: their names say whose they are, and `rest` which. */
export const volumeName = ({ name, id }: ClusterRef, rest: string): string => `slipway.${name}.${id}.${rest}`;

export const imageVolume = (cluster: ClusterRef, sum: string): string => volumeName(cluster, `image.${sum}`);
/** Made once an image has arrived whole. */
export const wholeMark = (volume: string): string => `${volume}.whole`;
/** Everything that belongs to one machine begins with this. */
export const machineVolumes = (cluster: ClusterRef, machine: string): string =>
  volumeName(cluster, `machine.${machine}.`);

/**
 * An image that is kept for whoever asks for its name, of one machine. No cluster’s: what has no dot behind `slipway` is nobody’s.
 * @param name as files have it: `slipway/k3s-v1.36.5-k3s1`
 */
export const keptVolume = (name: string, machineId: string): string =>
  `slipway-image.${name.split('/').at(-1)!}.${machineId.slice(0, 8)}`;

/** What is written beside such an image. */
export const keptMark = {
  of: (volume: string): string => `${volume}.json`,
  volumeOf: (mark: string): string | undefined => /^(slipway-image\..+)\.json$/.exec(mark)?.[1],
};

/** Whose a network or a volume is, by its name. */
export function ownerOf(name: string): (ClusterRef & { readonly machine: string | undefined }) | undefined {
  const [, cluster, id, kind, machine] = /^slipway\.([^.]+)\.([^.]+)(?:\.([^.]+)\.([^.]+))?/.exec(name) ?? [];
  return cluster && id ? { name: cluster, id, machine: kind === 'machine' ? machine : undefined } : undefined;
}
