import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { damageTexts } from '../../cli/views/cluster.js';
import { clustersIn } from '../../workflows/cluster/list.js';
import { isInSandbox, resetSandbox, sandboxFolder, sandboxStatus } from '../../runtime/sandbox.js';

export default class SandboxReset extends BaseCommand {
  static override summary = 'Stop the sandbox and throw away all its machines.';
  static override examples = ['<%= config.bin %> <%= command.id %> --yes'];
  static override flags = { yes: yesFlag };

  async run(): Promise<{ reset: true; clusters: readonly string[] }> {
    const { flags } = await this.parse(SandboxReset);
    return this.withRuntime(flags, async (runtime) => {
      const folder = sandboxFolder(this.environment(flags));
      const status = await sandboxStatus(folder);
      const known = await clustersIn(runtime.workspace);
      const clusters = known.filter(isInSandbox).map(({ name }) => name);
      // One that cannot be read may be anywhere: its folder stays.
      for (const text of damageTexts(known)) this.warn(text);
      await runtime.reporter.confirm({
        question: 'Delete the sandbox and everything in it?',
        details: [
          ...clusters.map((name) => `cluster ${name}`),
          `${status.machines ?? 0} machines with everything on them`,
        ],
        flags: '--yes',
      });
      await resetSandbox(folder);
      for (const name of clusters) await runtime.workspace.cluster(name).remove();
      this.log('The sandbox is empty.');
      return { reset: true, clusters };
    });
  }
}
