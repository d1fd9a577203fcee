import { writeFile } from 'node:fs/promises';

import { Flags } from '@oclif/core';

import { UsageError } from '../errors/index.js';
import type { DrillReport } from '../workflows/drill/report.js';
import { drillPage } from './views/drill-page.js';
import { renderDrill } from './views/drill.js';

/** What every drill is told. */
export const drillFlags = {
  url: Flags.string({ description: 'An address that is asked each second.' }),
  html: Flags.string({ description: 'Write a page with a picture of the timeline into this file.' }),
  'give-up-after': Flags.string({ default: '15m', description: 'How long it is watched at most.' }),
};

/** Writes the page, where one is asked for, and tells what was found. */
export const keepDrill =
  (html: string | undefined, tell: (text: string) => void) =>
  async (report: DrillReport): Promise<void> => {
    if (html !== undefined) await writeFile(html, drillPage(report));
    tell(renderDrill(report, html));
  };

/** @throws UsageError code BAD_USAGE */
export function askedAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '') return url;
  throw new UsageError('--url is no address that could be asked.', {
    code: 'BAD_USAGE',
    hint: 'Write one that begins with http:// or https://, without a name and password in it.',
  });
}
