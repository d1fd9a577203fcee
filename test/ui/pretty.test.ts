import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/domain/clock.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { StepInfo } from '../../src/reporting/index.js';
import { PrettyProgress } from '../../src/ui/pretty.js';

/** A terminal of 100 columns and 30 lines that remembers what was written to it. */
class Terminal extends PassThrough {
  readonly isTTY = true;
  readonly columns = 100;
  readonly rows = 30;
  #text = '';

  constructor() {
    super();
    this.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  get raw(): string {
    return this.#text;
  }

  get text(): string {
    return stripVTControlCharacters(this.#text);
  }

  /** Lines of what was drawn last. */
  get frame(): string[] {
    const frames = this.#text.split('\u001b[G').map(stripVTControlCharacters);
    const last = frames.findLast((frame) => frame.trim() !== '') ?? '';
    return last.split('\n').filter((line) => line.trim() !== '');
  }

  readonly getColorDepth = () => 1;
  readonly hasColors = () => false;
}

let terminal: Terminal;
let pretty: PrettyProgress;
beforeEach(() => {
  terminal = new Terminal();
  pretty = new PrettyProgress(terminal as unknown as NodeJS.WriteStream, systemClock);
});
afterEach(() => pretty.close());

const steps = (count: number): StepInfo[] =>
  ['Create machines', 'Join workers'].flatMap((phase) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${phase}:${index + 1}`,
      phase,
      target: `web-${index + 1}`,
      text: phase === 'Create machines' ? 'create cax21 in fsn1' : 'join as an agent',
      needs: [],
    })),
  );

const begin = (list: readonly StepInfo[]) =>
  pretty.emit({ type: 'operation-started', at: 0, operation: 'cluster create', cluster: 'demo', steps: list });

describe.each([3, 300])('progress in a terminal with %i machines', (count) => {
  it('counts, names at most three at work, and fits the screen', async () => {
    begin(steps(count));
    for (let index = 1; index <= count; index += 1)
      pretty.emit({ type: 'step-started', at: 0, id: `Create machines:${index}` });
    pretty.emit({ type: 'step-done', at: 0, id: 'Create machines:1', ms: 5 });
    await expect.poll(() => terminal.text).toContain(`Create machines  1/${count}`);
    const more = count - 1 - 3;
    if (more > 0) await expect.poll(() => terminal.text).toContain(`and ${more} more at work`);
    await expect.poll(() => terminal.text).toContain('web-2: create cax21 in fsn1');
    expect(terminal.text).not.toContain('web-5: create');
    expect(terminal.frame.length).toBeLessThanOrEqual(8);
    expect(Math.max(...terminal.frame.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('says what failed, with the machine, and what was not begun', async () => {
    begin(steps(count));
    pretty.emit({ type: 'step-started', at: 0, id: 'Create machines:1' });
    const error = new IncompleteError('The account has no room for web-1.', { code: 'RESOURCE_LIMIT', hint: 'Ask.' });
    pretty.emit({ type: 'step-failed', at: 0, id: 'Create machines:1', ms: 5, error });
    for (let index = 2; index <= count; index += 1)
      pretty.emit({ type: 'step-skipped', at: 0, id: `Create machines:${index}`, because: 'x' });
    for (let index = 1; index <= count; index += 1)
      pretty.emit({ type: 'step-skipped', at: 0, id: `Join workers:${index}`, because: 'x' });
    pretty.emit({ type: 'operation-finished', at: 0, ms: 5, outcome: 'failed' });
    await pretty.close();
    expect(terminal.text).toContain(`Create machines  0/${count}, 1 failed, ${count - 1} not begun`);
    expect(terminal.text).toMatch(/✖ Create machines/);
    expect(terminal.text).toMatch(/↓ Join workers {2}0\/\d+, \d+ not begun/);
    expect(terminal.text).toContain('✖ web-1: The account has no room for web-1.');
  });
});

it('writes a note before the drawing at once, and one beside it after it', async () => {
  pretty.emit({ type: 'looking', at: 0, text: 'looking at the sandbox' });
  expect(terminal.text).toBe('looking at the sandbox\n');
  begin(steps(1));
  pretty.emit({ type: 'note', at: 0, level: 'warning', text: 'disk nearly full' });
  expect(terminal.text).not.toContain('disk nearly full');
  await pretty.close();
  expect(terminal.text).toContain('Warning: disk nearly full\n');
});

it('answers Ctrl-C while the drawing goes on, and tells interrupted steps from failed ones', async () => {
  begin(steps(3));
  pretty.emit({ type: 'step-started', at: 0, id: 'Create machines:1' });
  pretty.emit({ type: 'interrupting', at: 0 });
  await expect.poll(() => terminal.text).toContain('Interrupted: ending what runs. Ctrl-C once more leaves at once.');
  pretty.emit({ type: 'step-interrupted', at: 0, id: 'Create machines:1', ms: 5 });
  pretty.emit({ type: 'operation-finished', at: 0, ms: 5, outcome: 'interrupted' });
  // The drawing shows the cursor again when it has ended; it is closed later, and once more at the very end.
  await expect.poll(() => terminal.raw).toContain('\u001b[?25h');
  await pretty.close();
  expect(terminal.text).toMatch(/↓ Create machines {2}0\/3, 1 interrupted/);
  expect(terminal.text).toMatch(/↓ Join workers {2}0\/3/);
  expect(terminal.text).not.toMatch(/failed|✖/);
  // Nothing is drawn below the last drawing.
  expect(terminal.frame.filter((line) => line.includes('Join workers'))).toHaveLength(1);
});
