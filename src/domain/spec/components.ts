import { z } from 'zod';

import { resourceName } from './fields.js';

/** What every component may be told, beside the options of its own that its folder describes. */
export const componentSchema = z
  .looseObject({
    version: z.string().min(1).optional().describe('Another version of its chart than the pinned one.'),
    pool: z.string().min(1).optional().describe('The pool it lives on.'),
    storage: z
      .strictObject({
        class: z.string().min(1).optional().describe('Storage class. Default: the provider’s own.'),
        size: z
          .string()
          .regex(/^[1-9][0-9]*(Gi|Ti)$/, 'a size such as 20Gi')
          .optional()
          .describe('Size of each volume.'),
      })
      .optional()
      .describe('Where it keeps its data.'),
    values: z.record(z.string(), z.unknown()).optional().describe('Values for its chart, laid over Slipway’s own.'),
    checkValues: z
      .boolean()
      .optional()
      .describe('`false` hands `values` to the chart as they are, also keys that Slipway does not know of it.'),
    secrets: z
      .record(
        z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable: CAPITALS_AND_DIGITS'),
        z.union([
          z.strictObject({ env: z.string().min(1).describe('Another environment variable.') }),
          z.strictObject({ file: z.string().min(1).describe('A file, as a path.') }),
        ]),
      )
      .optional()
      .describe('Where its secrets come from, when not from the environment variables it names.'),
  })
  .describe(
    'Settings of one component, beside the options of its own (docs/reference/components.md); `true` for its defaults, `false` for leaving it out.',
  );

/**
 * Components by name: options, `true` for its defaults, `false` for leaving it out. Names and options are held
 * against the catalogue, which this schema does not know.
 */
export const componentsSchema = z
  .strictObject({
    preset: z
      .enum(['baseline', 'minimal', 'none'])
      .default('baseline')
      .describe(
        'What is there without being named: all of the baseline, the least that serves a web application, or nothing.',
      ),
    folders: z.array(z.string().min(1)).default([]).describe('Folders with components of your own, as paths.'),
  })
  .catchall(z.union([z.boolean(), componentSchema]))
  .describe('What is layered on the cluster. Without this key only what the provider needs; `{}` gives the baseline.');

export const componentName = resourceName;
export type ComponentSettings = z.output<typeof componentSchema>;
export type ComponentsSpec = z.output<typeof componentsSchema>;
