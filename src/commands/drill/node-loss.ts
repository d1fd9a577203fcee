import { writeFile } from 'node:fs/promises';

import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { milliseconds } from '../../cli/duration.js';
import { drillPage } from '../../cli/views/drill-page.js';
import { renderDrill } from '../../cli/views/drill.js';
import { UsageError } from '../../errors/index.js';
import { drillNodeLoss, type DrillReport } from '../../workflows/drill/node-loss.js';

export default class DrillNodeLoss extends BaseCommand {
  static override summary = 'Delete a machine on purpose, and time how what it did comes back.';
  static override description = `The machine is deleted at its provider without a word to the cluster. Each second it is looked whether that was noticed, its volumes are detached, its pods are Ready elsewhere, --url is answered, and a node has taken its place. What was found is kept and compared with earlier drills.

Nothing is deleted where data or etcd’s quorum would be lost, where pods would have nowhere to go, or where the cluster is not well.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --heal --yes',
    '<%= config.bin %> <%= command.id %> demo --node web-2 --html drill.html',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    node: Flags.string({ description: 'A node by its name or place (web-2). Default: the worker with most pods.' }),
    url: Flags.string({ description: 'An address that is asked each second.' }),
    heal: Flags.boolean({
      description: 'Heal it from here, as `cluster heal --watch` would.',
      dependsOn: ['yes'],
    }),
    html: Flags.string({ description: 'Write a page with a picture of the timeline into this file.' }),
    'give-up-after': Flags.string({ default: '15m', description: 'How long it is watched at most.' }),
    yes: yesFlag,
  };

  async run(): Promise<DrillReport> {
    const { args, flags } = await this.parse(DrillNodeLoss);
    const input = {
      cluster: args.name,
      node: flags.node,
      url: flags.url === undefined ? undefined : addressOf(flags.url),
      heal: flags.heal
        ? { off: new Set<string>(), rebootAfterMs: 180_000, replaceAfterMs: 300_000, maxWorkersDown: '40%' }
        : undefined,
      deadlineMs: milliseconds('--give-up-after', flags['give-up-after']),
    };
    return this.withRuntime(flags, async (runtime) => {
      const { html } = flags;
      const keep = async (report: DrillReport): Promise<void> => {
        if (html !== undefined) await writeFile(html, drillPage(report));
        this.log(renderDrill(report, html));
      };
      return drillNodeLoss(runtime, input, this.commandLine(), keep);
    });
  }
}

/** @throws UsageError code BAD_USAGE */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '') return url;
  throw new UsageError('--url is no address that could be asked.', {
    code: 'BAD_USAGE',
    hint: 'Write one that begins with http:// or https://, without a name and password in it.',
  });
}
