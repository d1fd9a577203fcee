import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import type { CompletionTable } from './table.js';
import { zshCompletion } from './zsh.js';

export { completionTable } from './table.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const scripts: Readonly<Record<Shell, (table: CompletionTable) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** A script that makes the shell complete commands, flags, their values and the clusters of the workspace. */
export const completionScript = (shell: Shell, table: CompletionTable): string => scripts[shell](table);
