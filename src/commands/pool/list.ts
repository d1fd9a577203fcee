import { Flags } from '@oclif/core';

import { BaseCommand } from '../../runtime/base-command.js';
import { table } from '../../ui/index.js';
import { type ClusterStatus, clusterStatus } from '../../workflows/status.js';

interface PoolRow {
  readonly name: string;
  readonly machines: number;
  readonly ready: number;
  readonly types: readonly string[];
}

export default class PoolList extends BaseCommand {
  static override summary = 'List the pools of a cluster with their machines.';
  static override flags = { cluster: Flags.string({ char: 'c', description: 'The cluster’s name.', required: true }) };

  async run(): Promise<{ pools: readonly PoolRow[] }> {
    const { flags } = await this.parse(PoolList);
    return this.withRuntime(flags, async (runtime) => {
      const pools = rowsOf(await clusterStatus(runtime, flags.cluster));
      const rows = pools.map((pool) => [pool.name, String(pool.machines), String(pool.ready), pool.types.join(', ')]);
      this.log(table(['POOL', 'MACHINES', 'READY', 'TYPES'], rows));
      return { pools };
    });
  }
}

function rowsOf(status: ClusterStatus): PoolRow[] {
  return [...new Set(status.machines.map((machine) => machine.pool))].map((name) => {
    const own = status.machines.filter((machine) => machine.pool === name);
    return {
      name,
      machines: own.length,
      ready: own.filter((machine) => machine.node?.ready === true).length,
      types: [...new Set(own.map((machine) => machine.type))],
    };
  });
}
