import { BaseCommand } from '../cli/base-command.js';

interface VersionResult {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
}

export default class Version extends BaseCommand {
  static override summary = 'Print the version of Slipway and of Node.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o json'];

  async run(): Promise<VersionResult> {
    await this.parse(Version);
    this.log(this.config.userAgent);
    return { version: this.config.version, node: process.version, platform: `${process.platform}-${process.arch}` };
  }
}
