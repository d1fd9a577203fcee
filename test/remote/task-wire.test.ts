import { execFileSync } from 'node:child_process';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { wireTask } from '../../src/remote/run-task.js';
import { encodeTask, quote, type WireTask } from '../../src/remote/task-wire.js';
import { decodeTask } from '../../providers/sandbox/hosts/task-text.js';

/** Anything but NUL, with much of what shells and parsers stumble over. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '\n',
        '\\',
        '$HOME',
        '`id`',
        "'\\''",
        '=',
        "A='x'\n",
        '\r',
        ' ',
        '#',
        'é',
        '\u{1f600}',
        '%s',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/).filter((word) => !word.startsWith('SLIPWAY'));
const wire: fc.Arbitrary<WireTask> = fc.record({
  name: fc.constantFrom('first-login', 'install-k3s'),
  id: fc.stringMatching(/^[0-9a-f]{16}$/),
  attempt: fc.stringMatching(/^[0-9a-f]{16}$/),
  deadlineSeconds: fc.integer({ min: 1, max: 100_000 }),
  params: fc.dictionary(name, text, { maxKeys: 5 }).map((params) => ({ ...params })),
  script: text,
});

describe('the wire form of a task', () => {
  it('gives back what went in, whatever the values are', () => {
    fc.assert(
      fc.property(wire, text, (task, runner) => {
        // A runner is shell text of our own; it never looks like an assignment of the head.
        const ours = `run_it\n${runner}`;
        expect(decodeTask(encodeTask(task, ours))).toEqual({ task, runner: ours });
      }),
    );
  });

  it('means the same to a real shell', () => {
    const runner = `printf '%s|' "$SLIPWAY_TASK" "$SLIPWAY_DEADLINE" "$SLIPWAY_SCRIPT"; eval "$SLIPWAY_ENV"; printf '%s' "$VALUE"\n`;
    fc.assert(
      fc.property(text, text, (VALUE, script) => {
        const task = { name: 't', id: '0', attempt: '0', deadlineSeconds: 7, params: { VALUE }, script };
        const answer = execFileSync('sh', ['-s'], { input: encodeTask(task, runner), encoding: 'utf8' });
        expect(answer).toBe(`t|7|${script}|${VALUE}`);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what a shell cannot hold', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
    const task = { name: 't', id: '0', attempt: '0', deadlineSeconds: 1, params: { 'A;B': '' }, script: '' };
    expect(() => encodeTask(task, '')).toThrow('A;B');
  });

  it.each(['', 'rm -rf /', '# slipway task 1\n', "# slipway task 1\nSLIPWAY_TASK='x'\nrun\n"])(
    'is not found in other text: %j',
    (other) => expect(decodeTask(other)).toBeUndefined(),
  );

  it('has one id for one task, and another for any change', () => {
    const texts = { runner: '', script: 'echo\n' };
    const id = (params: Record<string, string | Secret>, task = 'a', script = texts.script): string =>
      wireTask({ name: task, params, deadlineMs: 1 }, { ...texts, script }, 'x', 1).id;
    const first = id({ A: '1', B: new Secret('2') });
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(id({ B: new Secret('2'), A: '1' })).toBe(first);
    const others = [
      id({ A: '1', B: '3' }),
      id({ A: '1' }),
      id({ A: '1', B: '2' }, 'b'),
      id({ A: '1', B: '2' }, 'a', ''),
    ];
    expect(others).not.toContain(first);
  });
});
