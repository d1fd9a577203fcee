import { z } from 'zod';

import { isTimeZone, weekdays } from '../windows.js';

/** What `slipway maintain` may do about a kind of work. */
const allowed = ['auto', 'ask', 'never'] as const;

const may = (by: (typeof allowed)[number], what: string) => z.enum(allowed).default(by).describe(what);

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, as 02:30');

const windowSchema = z.strictObject({
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .default([...weekdays])
    .describe('Days on which it begins.'),
  from: clock.describe('When it begins, by the clock of `timeZone`.'),
  to: clock.describe('When it ends; on the next day where that is not later.'),
});

export const maintainSchema = z
  .strictObject({
    timeZone: z
      .string()
      .refine(isTimeZone, 'a time zone, as Europe/Berlin')
      .default('UTC')
      .describe('By whose clock windows open and close.'),
    windows: z
      .array(windowSchema)
      .max(50)
      .default([])
      .describe('When nodes may be disturbed. What was begun in one is finished. Default: always.'),
    patch: may('auto', 'The newest patch of the minor that runs: `auto`, `ask` (wait for a person) or `never`.'),
    minor: may('ask', 'The next minor, once it is stable.'),
    components: may('auto', 'Components that differ from the file.'),
    system: may('auto', 'Reboots that updates of the system wait for, one node after another.'),
    certificates: may('auto', 'Fresh certificates, 90 days before one ends.'),
    tokens: may('ask', 'Other join tokens, once they are older than `rotateAfter`.'),
    sshKey: may('ask', 'Another SSH key, once it is older than `rotateAfter`; other workspaces are shut out by it.'),
    drill: may('auto', 'A restore on a machine of its own each week, where there is a section `backup`.'),
    rotateAfter: z
      .string()
      .regex(/^[1-9]\d{0,3}d$/, 'a number of days: 365d')
      .default('365d')
      .describe('How old tokens and the SSH key may be.'),
    maxUnavailable: z
      .string()
      .regex(/^([1-9]\d{0,3}|[1-9]\d?%|100%)$/, 'a number of nodes or a share of them: 2, 10%')
      .default('10%')
      .describe('How many workers may be down at once.'),
  })
  .describe('What `slipway maintain` does without being told, and when.');

/** What `slipway maintain` may do, with every default filled in. */
export type MaintainPolicy = z.output<typeof maintainSchema>;
export type Allowed = (typeof allowed)[number];

/** Of a cluster whose file says nothing of it: everything waits for a person. */
export const askingPolicy = (): MaintainPolicy =>
  maintainSchema.parse({ patch: 'ask', components: 'ask', system: 'ask', certificates: 'ask', drill: 'ask' });
