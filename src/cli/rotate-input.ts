import { Args, Flags } from '@oclif/core';

import { yesFlag } from './base-command.js';

/** What is typed for a rotation in which nodes are started anew one after another. */
export const rotationArgs = {
  name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
} as const;

/** @param shows what `--dry-run` shows */
export const rotationFlags = (shows: string) =>
  ({
    'max-unavailable': Flags.string({
      default: '10%',
      description: 'How many workers may be down at once: a number, or a share, rounded down but at least 1.',
    }),
    'dry-run': Flags.boolean({ description: `Show ${shows}; change nothing.` }),
    yes: yesFlag,
  }) as const;

/** As the workflows of both take it. */
export const rotationInput = (
  { name }: { readonly name: string },
  flags: { readonly 'max-unavailable': string; readonly 'dry-run': boolean },
) => ({ cluster: name, maxUnavailable: flags['max-unavailable'], dryRun: flags['dry-run'] });
