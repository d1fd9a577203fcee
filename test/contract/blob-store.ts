import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type BlobStore, changeBlob, madeOnce, put, setAside } from '../../src/workspace/blob-store.js';

export interface BlobStoreHarness {
  /** A handle of its own on the same blobs, which are none at first. */
  open(): BlobStore;
  /** Everything that lies about, where that can be seen. */
  leavesBehind?(): readonly string[];
}

const won = (answers: readonly boolean[]): number => answers.filter(Boolean).length;
const many = 12;
const handles = (harness: BlobStoreHarness): BlobStore[] => Array.from({ length: many }, () => harness.open());

/** What every store of a workspace's blobs must keep to, whatever it is made of. */
export function blobStoreContract(what: string, start: () => BlobStoreHarness): void {
  describe(`blobs in ${what}`, () => {
    it('are given back as they were stored, and are not there before', async () => {
      const harness = start();
      const store = harness.open();
      const texts = ['', 'a line\n', 'Ærøskøbing \u{1F6A2}', 'x'.repeat(300_000)];
      for (const [index, text] of texts.entries()) {
        const key = `deep/er/${index}.json`;
        expect(await store.read(key)).toBeUndefined();
        expect(await store.create(key, text)).toBe(true);
        expect((await harness.open().read(key))?.text).toBe(text);
      }
    });

    it('are created by exactly one of many at once, and never over another', async () => {
      const harness = start();
      const answers = await Promise.all(handles(harness).map((store, index) => store.create('key', String(index))));
      expect(won(answers)).toBe(1);
      expect((await harness.open().read('key'))?.text).toBe(String(answers.indexOf(true)));
    });

    it('are replaced by exactly one of many at once, and only where nothing came in between', async () => {
      const harness = start();
      const store = harness.open();
      await store.create('key', 'first');
      const { version } = (await store.read('key'))!;
      const answers = await Promise.all(
        handles(harness).map((one, index) => one.replace('key', `by ${index}`, version)),
      );
      expect(won(answers)).toBe(1);
      expect((await store.read('key'))?.text).toBe(`by ${answers.indexOf(true)}`);
      expect(await store.replace('key', 'late', version)).toBe(false);
      expect(await store.replace('nothing here', 'text', version)).toBe(false);
      expect(await store.read('nothing here')).toBeUndefined();
    });

    it('are removed once and for all; what is gone already is removed as well', async () => {
      const store = start().open();
      await store.create('key', 'text');
      expect(await store.remove('key')).toBe(true);
      expect(await store.remove('key')).toBe(true);
      expect(await store.read('key')).toBeUndefined();
      expect(await store.create('key', 'again')).toBe(true);
    });

    it('are not removed by somebody who means what was there before', async () => {
      const store = start().open();
      await store.create('key', 'mine');
      const { version } = (await store.read('key'))!;
      await put(store, 'key', 'theirs');
      expect(await store.remove('key', version)).toBe(false);
      expect((await store.read('key'))?.text).toBe('theirs');
      expect(await store.remove('key', (await store.read('key'))!.version)).toBe(true);
      expect(await store.read('key')).toBeUndefined();
    });

    it('are listed by the beginning of their keys, sorted, and nothing else is', async () => {
      const store = start().open();
      expect(await store.list('')).toEqual([]);
      for (const key of ['b', 'hosts/b.json', 'hosts/a.json', 'hostsfile', 'a']) await store.create(key, key);
      await put(store, 'b', 'changed');
      expect(await store.list('')).toEqual(['a', 'b', 'hosts/a.json', 'hosts/b.json', 'hostsfile']);
      expect(await store.list('hosts/')).toEqual(['hosts/a.json', 'hosts/b.json']);
      expect(await store.list('hosts')).toEqual(['hosts/a.json', 'hosts/b.json', 'hostsfile']);
      expect(await store.list('none/')).toEqual([]);
    });

    it('lose no change, however many change one at once', async () => {
      const harness = start();
      const add = (store: BlobStore, line: number) => changeBlob(store, 'key', (text = '') => `${text}${line}\n`);
      await Promise.all(handles(harness).map(add));
      const lines = (await harness.open().read('key'))!.text.trim().split('\n');
      expect(lines.sort()).toEqual(Array.from({ length: many }, (_, index) => String(index)).sort());
      expect(harness.leavesBehind?.() ?? ['key']).toEqual(['key']);
    });

    it('are made once, and the first that was stored counts', async () => {
      const harness = start();
      const made = await Promise.all(
        handles(harness).map((store, index) => madeOnce(store, 'key', () => `by ${index}`)),
      );
      expect(new Set(made).size).toBe(1);
      expect(await madeOnce(harness.open(), 'key', () => 'late')).toBe(made[0]);
    });

    it('are kept under another name when they are set aside', async () => {
      const store = start().open();
      await store.create('key', 'damaged');
      await setAside(store, 'key', 'old');
      await setAside(store, 'never there', 'old');
      expect(await store.list('')).toEqual(['key.old']);
      expect((await store.read('key.old'))?.text).toBe('damaged');
    });

    it('behave as a plain map, whatever is done in whatever order', async () => {
      const key = fc.constantFrom('a', 'hosts/a', 'hosts/b');
      const text = fc.constantFrom('one', 'two', '');
      const action = fc.oneof(
        fc.record({ what: fc.constant('create' as const), key, text }),
        fc.record({ what: fc.constant('replace' as const), key, text, stale: fc.boolean() }),
        fc.record({ what: fc.constant('remove' as const), key, stale: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
          const store = start().open();
          const model = new Map<string, string>();
          for (const one of actions) {
            const { version } = (await store.read(one.key)) ?? { version: 'none' };
            const had = model.has(one.key);
            switch (one.what) {
              case 'create':
                expect(await store.create(one.key, one.text)).toBe(!had);
                if (!had) model.set(one.key, one.text);
                break;
              case 'replace':
                expect(await store.replace(one.key, one.text, one.stale ? 'stale' : version)).toBe(had && !one.stale);
                if (had && !one.stale) model.set(one.key, one.text);
                break;
              case 'remove':
                expect(await store.remove(one.key, one.stale ? 'stale' : version)).toBe(!had || !one.stale);
                if (had && !one.stale) model.delete(one.key);
            }
            expect((await store.read(one.key))?.text).toBe(model.get(one.key));
          }
          expect(await store.list('')).toEqual([...model.keys()].sort());
        }),
        { numRuns: 25 },
      );
    });
  });
}
