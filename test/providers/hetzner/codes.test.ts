import { describe, expect, it } from 'vitest';

import { codeOfWord } from '../../../providers/hetzner/codes.js';
import { dialect } from '../../../providers/hetzner/client.js';
import { generalErrorWords, openApiAbsence } from '../../support/openapi.js';

describe.skipIf(openApiAbsence() !== undefined)('Hetzner’s own description of its API', () => {
  it('has no word for errors in general that Slipway has no code for', () => {
    const words = generalErrorWords();
    expect(words.length).toBeGreaterThan(15);
    expect(words.filter((word) => !dialect.advice(word, { method: 'GET' }) && !codeOfWord(word))).toEqual([]);
  });
});
