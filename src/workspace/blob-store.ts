/** What is stored under a key, with the version by which a later change proves that nothing came in between. */
export interface Blob {
  readonly text: string;
  /** Differs for different texts; means nothing else. */
  readonly version: string;
}

/**
 * Where a workspace keeps what it keeps: a folder of this computer, or something that others reach, too. Keys are relative
 * paths: `record.json`, `hosts/demo-cp-1.json`. Whatever fails throws a SlipwayError with a remedy.
 */
export interface BlobStore {
  read(key: string): Promise<Blob | undefined>;
  /** Only where there is none: of any number that ask at once, exactly one gets true. */
  create(key: string, text: string): Promise<boolean>;
  /** Only where it still has this version: of any number that ask at once, at most one gets true. */
  replace(key: string, text: string, version: string): Promise<boolean>;
  /** Gone afterwards, which it may have been before; with a version only what still has it. False: it is another by now. */
  remove(key: string, version?: string): Promise<boolean>;
  /** Keys that begin so, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}

/** Adds to one blob, piece by piece. */
export interface BlobAppender {
  append(text: string): Promise<void>;
  /** Resolves once everything is kept for good. */
  close(): Promise<void>;
}

/** An ability: what is added to need not be sent again as a whole. */
export interface Appendable {
  /** A new blob; there must be none. */
  appender(key: string): Promise<BlobAppender>;
}

export const canAppend = <S extends BlobStore>(store: S): store is S & Appendable => 'appender' in store;

/** Stores a text, whatever is there. */
export async function put(store: BlobStore, key: string, text: string): Promise<void> {
  await changeBlob(store, key, () => text);
}

/**
 * Changes what is there by a function of it, while nobody else does.
 * @param change is asked again where somebody came in between; the text it was given leaves everything as it is
 * @returns what is there now
 */
export async function changeBlob(
  store: BlobStore,
  key: string,
  change: (text: string | undefined) => string | Promise<string>,
): Promise<string> {
  for (;;) {
    const before = await store.read(key);
    const after = await change(before?.text);
    if (after === before?.text) return after;
    if (before ? await store.replace(key, after, before.version) : await store.create(key, after)) return after;
  }
}

/** The text, made by `make` where there is none; of several makers the first counts. */
export async function madeOnce(store: BlobStore, key: string, make: () => string): Promise<string> {
  for (;;) {
    const there = await store.read(key);
    if (there) return there.text;
    await store.create(key, make());
  }
}

/** Gives a blob another name beside its own, so that nothing of it is lost. */
export async function setAside(store: BlobStore, key: string, suffix: string): Promise<void> {
  const there = await store.read(key);
  if (!there) return;
  await put(store, `${key}.${suffix}`, there.text);
  await store.remove(key, there.version);
}
