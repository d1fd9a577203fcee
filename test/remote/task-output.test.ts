import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TaskOutput } from '../../src/remote/task-output.js';

function read(stdout: readonly Buffer[], stderr: readonly Buffer[] = []) {
  const progress: string[] = [];
  const output = new TaskOutput((text) => progress.push(text));
  for (const chunk of stdout) output.stdout(chunk);
  for (const chunk of stderr) output.stderr(chunk);
  return { facts: { ...output.facts }, exit: output.exit, lines: [...output.lastLines], progress };
}

describe('a task’s answer', () => {
  const text = 'a=1\n# waiting\nb=x=y äö€😀\n\nplain\nslipway-exit=0\n';

  it('is facts, progress, the rest, and the exit', () => {
    expect(read([Buffer.from(text)])).toEqual({
      facts: { a: '1', b: 'x=y äö€😀' },
      exit: 0,
      lines: ['plain'],
      progress: ['waiting'],
    });
  });

  it('does not depend on where the network cuts it, even inside a character', () => {
    const bytes = Buffer.from(text);
    const whole = read([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(read(places.slice(1).map((end, index) => bytes.subarray(places[index], end)))).toEqual(whole);
      }),
    );
  });

  it('has no exit before the last line is whole', () => {
    expect(read([Buffer.from('a=1\nslipway-exit=0')]).exit).toBeUndefined();
  });

  it('keeps a last line without its end once the session is over, and knows whether our text ran', () => {
    const output = new TaskOutput(() => {});
    output.stdout(Buffer.from('slipway-began\nhalf a li'));
    output.stderr(Buffer.from('sh: Terminated'));
    expect(output.began).toBe(true);
    expect(output.lastLines).toEqual([]);
    output.end();
    expect(output.lastLines).toEqual(['half a li', 'sh: Terminated']);
  });

  it('keeps the last twenty lines only', () => {
    const many = Array.from({ length: 50 }, (_, n) => `line ${n}\n`).join('');
    const { lines } = read([], [Buffer.from(many)]);
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toBe('line 49');
  });
});
