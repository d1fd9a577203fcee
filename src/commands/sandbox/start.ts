import { Flags } from '@oclif/core';

import { UsageError } from '../../errors/index.js';
import { BaseCommand } from '../../cli/base-command.js';
import {
  sandboxFolder,
  sandboxStatus,
  type SandboxStatus,
  startSandbox,
  timeScaleFrom,
} from '../../runtime/sandbox.js';
import { renderSandbox } from '../../cli/views/cluster.js';

export default class SandboxStart extends BaseCommand {
  static override summary = 'Start the sandbox, or change how fast it is.';
  static override description = 'The first command that needs the sandbox starts it by itself.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --time-scale 1',
  ];
  static override flags = {
    'time-scale': Flags.string({
      description:
        'Factor on all durations: 1 is as slow as a real cloud. Default: SLIPWAY_SANDBOX_TIME_SCALE, else 0.05.',
    }),
  };

  async run(): Promise<SandboxStatus> {
    const { flags } = await this.parse(SandboxStart);
    const scale = flags['time-scale'];
    if (scale !== undefined && !(Number(scale) > 0 && Number(scale) <= 10)) {
      throw new UsageError(`--time-scale must be a number above 0 and up to 10, not ${scale}.`, { code: 'BAD_FLAGS' });
    }
    const variable = process.env['SLIPWAY_SANDBOX_TIME_SCALE'];
    const timeScale =
      scale !== undefined ? Number(scale) : variable === undefined ? undefined : timeScaleFrom(variable);
    const folder = sandboxFolder(this.environment(flags));
    await startSandbox(folder, timeScale === undefined ? {} : { timeScale });
    const status = await sandboxStatus(folder);
    this.log(renderSandbox(status));
    return status;
  }
}
