import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { folderWith } from '../package-files.js';
import type { WireTask } from './task-text.js';

/** The shell texts of templates/host: a simulated machine runs these and no others. */
export class HostScripts {
  readonly #texts = new Map<string, string>();

  /** @param folder templates/host */
  constructor(private readonly folder: string) {}

  /** Whether a decoded text is exactly one of the project's tasks. */
  knows(task: WireTask, runner: string): boolean {
    if (!/^[a-z][a-z0-9-]*$/.test(task.name)) return false;
    const script = this.#text(`${task.name}.sh`);
    return (
      script !== undefined &&
      task.script === `${this.#text('lib/common.sh') ?? ''}${script}` &&
      runner === this.#text('lib/runner.sh')
    );
  }

  /** Tasks that only look, and so have a lock of their own: the runner lists them. */
  looks(name: string): boolean {
    // `read-claim | inspect-host) base=$base/looks`
    const listed = /case \$SLIPWAY_TASK in\s+([a-z0-9 |-]+)\) base=\$base\/looks/.exec(
      this.#text('lib/runner.sh') ?? '',
    )?.[1];
    return (listed ?? '').split('|').some((one) => one.trim() === name);
  }

  #text(name: string): string | undefined {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const path = join(this.folder, name);
    if (!existsSync(path)) return undefined;
    const text = readFileSync(path, 'utf8');
    this.#texts.set(name, text);
    return text;
  }
}

/** templates/host of this package, from source or from a build. @throws Error when the package is incomplete. */
export const hostScriptsFolder = (): string =>
  join(folderWith(import.meta.url, 'templates/host/lib/runner.sh'), 'templates', 'host');
