import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  keyProblem,
  parseSelector,
  valueProblem,
  type Labels,
} from '../../../../providers/sandbox/hetzner-api/labels.js';

const labels: Labels = { env: 'prod', 'slipway.dev/cluster': 'demo', empty: '' };

describe('a selector', () => {
  const cases: [string, boolean][] = [
    ['', true],
    ['env=prod', true],
    ['env==prod', true],
    ['env=test', false],
    ['env!=test', true],
    ['env!=prod', false],
    ['other!=x', true],
    ['other=', false],
    ['empty=', true],
    ['env', true],
    ['other', false],
    ['!other', true],
    ['!env', false],
    ['env in (prod,test)', true],
    ['env in (prod, test)', true],
    ['env in (test)', false],
    ['env notin (test)', true],
    ['other notin (test)', true],
    ['env notin (test,prod)', false],
    ['slipway.dev/cluster=demo,env in (prod,test),!gone', true],
    ['slipway.dev/cluster=demo, env=test', false],
    ['constructor', false],
    ['!toString', true],
  ];
  it.each(cases)('%s matches: %s', (selector, expected) => {
    expect(parseSelector(selector)?.(labels)).toBe(expected);
  });

  it.each(['env===x', 'env in prod', 'env in (prod', '=x', ',', 'env,', 'a b', 'env=a b', '-env', 'env>3'])(
    '%s can’t be read',
    (selector) => {
      expect(parseSelector(selector)).toBeUndefined();
    },
  );

  const word = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,10}[a-z0-9])?$/);
  const some = fc.dictionary(word, word, { maxKeys: 5 });

  it('made of all labels of a thing matches that thing, and its opposite never does', () => {
    fc.assert(
      fc.property(some, word, word, (own, key, value) => {
        const all = Object.entries(own).map(([name, text]) => `${name}=${text}`);
        expect(parseSelector(all.join(','))?.(own)).toBe(true);
        const matches = (selector: string) => parseSelector(selector)?.(own);
        expect(matches(`${key}=${value}`)).toBe(!matches(`${key}!=${value}`));
        expect(matches(`${key} in (${value})`)).toBe(matches(`${key}=${value}`));
        expect(matches(`${key} notin (${value})`)).toBe(matches(`${key}!=${value}`));
        expect(matches(key)).toBe(!matches(`!${key}`));
      }),
    );
  });
});

describe('a label', () => {
  it.each(['env', 'a', 'slipway.dev/cluster', 'A_b.c-D', 'x'.repeat(63), `${'a'.repeat(63)}.dev/x`])(
    'may be named %s',
    (key) => {
      expect(keyProblem(key)).toBeUndefined();
    },
  );
  it.each(['', '-a', 'a-', 'x'.repeat(64), 'a/b/c', '/a', 'Slipway.dev/x', 'hetzner.cloud/x', 'a b'])(
    'may not be named %s',
    (key) => {
      expect(keyProblem(key)).toBeDefined();
    },
  );
  it('may be empty, and is a word of 63 characters at most', () => {
    expect(['', 'v1.36.5', 'x'.repeat(63)].map(valueProblem)).toEqual([undefined, undefined, undefined]);
    expect(['v1+k3s1', '-x', 'x'.repeat(64), 'a/b'].every((value) => valueProblem(value) !== undefined)).toBe(true);
  });
});
