import { Flags } from '@oclif/core';

import { BaseCommand } from '../../runtime/base-command.js';
import { clusterInput } from '../../runtime/cluster-input.js';
import { amount } from '../../runtime/component-views.js';
import { table } from '../../ui/index.js';
import { type ComponentList, listComponents } from '../../workflows/component-list.js';

export default class ComponentListCommand extends BaseCommand {
  static override summary = 'List components: which are on in a cluster, why, and what they ask of its nodes.';
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.' }),
    file: Flags.string({ char: 'f', description: 'The cluster file.' }),
  };

  async run(): Promise<ComponentList> {
    const { flags } = await this.parse(ComponentListCommand);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name: flags.cluster, file: flags.file, describe: {} }, false);
      const list = await listComponents(runtime, input.spec);
      const rows = list.components.map(({ name, on, because, version, requests }) => [
        name,
        on ? 'on' : 'off',
        version ?? '',
        ...(on ? amount(requests) : ['', '', '']),
        because,
      ]);
      this.log(table(['COMPONENT', '', 'VERSION', 'CPU', 'MEMORY', 'VOLUMES', 'BECAUSE'], rows));
      const [cpu, memory, volumes] = amount(list.total);
      this.log(
        `\nTogether they ask for ${cpu} of cpu, ${memory} of memory${volumes === '' ? '' : `, volumes ${volumes}`}.`,
      );
      return list;
    });
  }
}
