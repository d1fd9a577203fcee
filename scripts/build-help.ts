import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Command, Config, Interfaces } from '@oclif/core';

import { freshConfig, packageRoot } from './fresh-config.js';

/** Help texts, with ANSI codes, by what is typed: `cluster create`. */
export interface HelpTexts {
  readonly root: string;
  readonly topics: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, string>>;
}

/** Renders the root's, every topic's and every command's help with oclif's own Help class. */
export async function renderHelp(config: Config): Promise<HelpTexts> {
  const { Help } = await import('@oclif/core');
  const lines: string[] = [];

  /** Collects what oclif prints, and works on copies: oclif renames commands while it prints them. */
  class CollectingHelp extends Help {
    protected override log(...args: string[]): void {
      lines.push(args.join(' '));
    }
    protected override get sortedCommands(): Command.Loadable[] {
      return super.sortedCommands.map((command) => ({ ...command }));
    }
    protected override get sortedTopics(): Interfaces.Topic[] {
      return super.sortedTopics.map((topic) => ({ ...topic }));
    }
    async of(subject: { command?: Command.Loadable; topic?: Interfaces.Topic }): Promise<string> {
      lines.length = 0;
      if (subject.command) await this.showCommandHelp({ ...subject.command });
      else if (subject.topic) await this.showTopicHelp({ ...subject.topic });
      else await this.showRootHelp();
      return `${lines.join('\n')}\n`;
    }
  }

  const help = new CollectingHelp(config, config.pjson.oclif.helpOptions ?? {});
  const typed = (id: string) => id.replaceAll(':', ' ');
  // The line with Node's version is that of whoever asks, not of who built.
  const root = (await help.of({})).replace(config.userAgent, '{version}');
  const topics: Record<string, string> = {};
  for (const topic of config.topics) topics[typed(topic.name)] = await help.of({ topic });
  const commands: Record<string, string> = {};
  for (const command of config.commands) commands[typed(command.id)] = await help.of({ command });
  return { root, topics, commands };
}

async function main(): Promise<void> {
  const { config } = await freshConfig();
  const folder = join(packageRoot, 'dist');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'help.json'), `${JSON.stringify(await renderHelp(config))}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
