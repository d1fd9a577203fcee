import { expect, it } from 'vitest';

import { clone } from '../../../../providers/sandbox/kube-api/objects.js';

it('a clone of an object equals it, shares nothing with it, and keeps keys of any name', () => {
  const text = '{"a":[{"b":null},[1,"x"],true],"__proto__":{"c":{"d":1}},"e":{}}';
  const object = JSON.parse(text) as { a: { b: unknown }[] };
  const copy = clone(object);
  expect(JSON.stringify(copy)).toBe(text);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  copy.a[0]!.b = 'changed';
  expect(JSON.stringify(object)).toBe(text);
});
