import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Secret } from '../domain/secret.js';
import { encodeTask } from './task-wire.js';
import type { HostTask } from './types.js';

/** Reads templates/host once and composes what travels to a host. */
export class TaskScripts {
  readonly #files = new Map<string, Promise<string>>();

  /** @param folder templates/host */
  constructor(private readonly folder: string) {}

  /** The text for `sh -s`. @param attempt random for each `Session.run` */
  async compose(task: HostTask, attempt: string): Promise<string> {
    const [common, script, runner] = await Promise.all(
      [`lib/common.sh`, `${task.name}.sh`, `lib/runner.sh`].map((file) => this.read(file)),
    );
    const params = Object.fromEntries(
      Object.entries(task.params).map(([name, value]) => [
        name,
        value instanceof Secret ? value.reveal() : String(value),
      ]),
    );
    const text = `${common!}${script!}`;
    return encodeTask(
      {
        name: task.name,
        id: createHash('sha256')
          .update(JSON.stringify([task.name, params, text]))
          .digest('hex')
          .slice(0, 16),
        attempt,
        deadlineSeconds: Math.ceil(task.deadlineMs / 1000),
        params,
        script: text,
      },
      runner!,
    );
  }

  private read(file: string): Promise<string> {
    const text = this.#files.get(file) ?? readFile(join(this.folder, file), 'utf8');
    this.#files.set(file, text);
    return text;
  }
}
