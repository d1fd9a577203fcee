import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { conversations } from '../../conversations/lists/index.js';
import { converse, differences, recorded, serverOf } from '../../support/conversations.js';

const folder = new URL('../../conversations', import.meta.url).pathname;
const kubeconfig = process.env['SLIPWAY_RECORD_KUBECONFIG'];
const from = process.env['SLIPWAY_RECORD_VERSION'] ?? '';

describe.skipIf(kubeconfig === undefined)('a real API server', () => {
  const server = () => serverOf(readFileSync(kubeconfig ?? '', 'utf8'));

  it.each(conversations.map((talk) => [talk.name, talk] as const))('answers: %s', async (name, talk) => {
    const answers = await converse(server(), talk);
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(recorded(talk, answers, from), null, 2)}\n`);
    // A recording that changes from one run to the next can hold nobody to anything.
    const again = await converse(server(), talk);
    expect(differences(Object.fromEntries(answers), Object.fromEntries(again))).toEqual([]);
  });
});
