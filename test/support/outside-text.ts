import { expect } from 'vitest';

import type { Run } from './cli.js';

/** One of each kind that a terminal obeys: C0, CSI and OSC, DEL, C1, bidi, zero width (joiner too), separators, a tag. */
export const hostile =
  'x\u0007\u001b[2J\u001b]0;t\u0007\u007f\u009b31m\u202e\u2066\u200b\u200d\u200f\u2028\u2029\ufeff\u{e0041}y';

const isObeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** What our own drawing of progress consists of: lines are cleared, the cursor moves up and back, hides and shows. */
const drawing = /\u001b\[(?:2K|1A|G|\?25[lh])/g; // eslint-disable-line no-control-regex -- this is what is looked for

/** What was planted is seen, and no character of what a terminal would obey is among it. */
export function expectHarmless({ out, err }: Run): void {
  const raw = `${out}\n${err}`;
  expect(raw).toMatch(/\\(?:x1b|u001b|e)\[2J/);
  expect(raw.replaceAll('\n', '').replaceAll(drawing, '')).not.toMatch(isObeyed);
}
