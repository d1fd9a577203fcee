import type { Machine } from '../hosts/machine.js';
import type { SnapshotView } from '../hosts/machine-types.js';
import { paths } from '../hosts/tasks/common.js';
import type { Random } from '../random.js';
import type { Cluster, ClusterSnapshot } from './cluster.js';
import { restoredState, snapshotOf } from './cluster-states.js';
import { readConfig } from './config.js';
import { type Kept, renewNodes } from './nodes.js';
import { keepData, raiseResetFlag } from './server-files.js';

/** Snapshots of etcd: taken of a cluster that serves, and made a cluster of again. */
export class Snapshots implements SnapshotView<Machine> {
  constructor(
    private readonly random: Random,
    private readonly clusters: {
      /** The cluster that a machine serves. */
      readonly serving: (machine: number) => Cluster | undefined;
      readonly add: (state: ClusterSnapshot) => Cluster;
    },
  ) {}

  take({ id }: Machine): Buffer | undefined {
    const cluster = this.clusters.serving(id);
    return cluster && snapshotOf(cluster, this.random);
  }

  restore(machine: Machine, snapshot: Buffer): void {
    const config = readConfig(machine.files.text(paths.config), 'server', machine.hostname);
    keepData(machine, this.clusters.add(restoredState(snapshot, config, machine, this.random)));
    raiseResetFlag(machine);
  }

  renewNodes({ id }: Machine, kept: Kept) {
    return renewNodes(this.clusters.serving(id)!, kept);
  }
}
