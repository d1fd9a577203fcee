import { Args } from '@oclif/core';

import { BaseCommand } from '../cli/base-command.js';
import { completionScript, completionTable, type Shell, shells } from '../ui/completion/index.js';

interface CompletionResult {
  readonly shell: Shell;
  readonly script: string;
}

export default class Completion extends BaseCommand {
  static override summary = 'Print a script with which a shell completes commands, flags and clusters.';
  static override description = [
    'Shells read it from these files:',
    'bash: ~/.local/share/bash-completion/completions/slipway',
    'zsh: FOLDER/_slipway, where FOLDER is one of your fpath',
    'fish: ~/.config/fish/completions/slipway.fish',
  ].join('\n');
  static override examples = [
    '<%= config.bin %> <%= command.id %> bash > ~/.local/share/bash-completion/completions/slipway',
    '<%= config.bin %> <%= command.id %> fish | source',
  ];
  static override args = {
    shell: Args.string({
      ignoreStdin: true,
      required: true,
      options: [...shells],
      description: 'The shell that is to complete.',
    }),
  };

  async run(): Promise<CompletionResult> {
    const { args } = await this.parse(Completion);
    const shell = shells.find((known) => known === args.shell)!;
    const script = completionScript(shell, completionTable(this.config.commands, this.config.topics));
    this.logData(script.trimEnd());
    return { shell, script };
  }
}
