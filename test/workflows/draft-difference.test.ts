import { describe, expect, it } from 'vitest';

import { compareDrafts, differenceLines } from '../../src/workflows/draft-difference.js';

const step = (id: string, text = `do ${id}`, destroys = false) => ({ id, target: id.split(':')[1]!, text, destroys });
const make = step('create:web-1');
const join = step('join:web-1');
const remove = step('remove:web-2', 'drain and delete it', true);
const idsOf = (steps: readonly { readonly id: string }[]): readonly string[] => steps.map(({ id }) => id);

describe('two drafts of the same change', () => {
  it.each([
    ['both do nothing', [], []],
    ['the steps are the same', [make, remove], [make, remove]],
    ['the steps come in another order', [make, remove], [remove, make]],
    [
      'one says that a step removes nothing, and the other says nothing of it',
      [make],
      [{ ...make, destroys: undefined }],
    ],
    ['a step is done to what people call by another name', [make], [{ ...make, target: 'other' }]],
  ])('are the same where %s', (_what, shown, now) => {
    expect(compareDrafts(shown, now)).toBeUndefined();
  });

  it.each([
    ['a step came', [make], [make, join], { added: ['join:web-1'], dropped: [], destroying: [] }],
    ['a step is not needed any more', [make, join], [make], { added: [], dropped: ['join:web-1'], destroying: [] }],
    ['a removal came', [make], [make, remove], { added: ['remove:web-2'], dropped: [], destroying: ['remove:web-2'] }],
    ['a removal is not needed any more', [remove], [], { added: [], dropped: ['remove:web-2'], destroying: [] }],
    [
      'a step does something else',
      [make],
      [step(make.id, 'create a larger one')],
      { added: ['create:web-1'], dropped: ['create:web-1'], destroying: [] },
    ],
    [
      'a removal removes in another way than was shown',
      [remove],
      [step(remove.id, 'delete it as it is', true)],
      { added: ['remove:web-2'], dropped: ['remove:web-2'], destroying: ['remove:web-2'] },
    ],
    [
      'a step that was harmless removes something',
      [make],
      [{ ...make, destroys: true }],
      { added: ['create:web-1'], dropped: ['create:web-1'], destroying: ['create:web-1'] },
    ],
    [
      'the next machine of a slot is to be removed instead of the one that was shown',
      [remove],
      [step('remove:web-2b', remove.text, true)],
      { added: ['remove:web-2b'], dropped: ['remove:web-2'], destroying: ['remove:web-2b'] },
    ],
  ])('differ where %s', (_what, shown, now, expected) => {
    const { added, dropped, destroying } = compareDrafts(shown, now)!;
    expect({ added: idsOf(added), dropped: idsOf(dropped), destroying: idsOf(destroying) }).toEqual(expected);
  });
});

it('a difference is a line for each step, and says which of them remove something', () => {
  expect(differenceLines(compareDrafts([join], [make, remove])!)).toEqual([
    'new since you were asked: web-1: do create:web-1',
    'new since you were asked, removes: web-2: drain and delete it',
    'no longer to be done: web-1: do join:web-1',
  ]);
});
