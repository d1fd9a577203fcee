import { isMap, isSeq, parseDocument, YAMLSeq, type Document, type Node, type YAMLMap } from 'yaml';

import { caFingerprint, markIn } from '../domain/kubeconfig-mark.js';
import { RefusedError, UsageError } from '../errors/index.js';

/** The lists of a kubeconfig whose entries have names. */
const lists = ['clusters', 'contexts', 'users'] as const;

/**
 * A person's kubeconfig with a cluster's entries in it. Entries of this very cluster are replaced, all others and the
 * comments stay, and the cluster's context becomes the current one. Merging twice changes nothing further.
 * @param user the text of the user's file; undefined or empty when there is none
 * @throws UsageError code KUBECONFIG_INVALID when either is not a kubeconfig
 * @throws RefusedError code KUBECONFIG_NAME_TAKEN when entries of the same names are somebody else's
 */
export function mergeKubeconfig(user: string | undefined, cluster: string): string {
  const source = parse(cluster, 'The cluster’s kubeconfig');
  const target = parse(user?.trim() ? user : 'apiVersion: v1\nkind: Config\n', 'The kubeconfig');
  const isOurs = ownership(source, target);
  const taken = lists.flatMap((list) =>
    entriesOf(source, list, 'read').items.flatMap((entry) => {
      const there = entriesOf(target, list, 'read').items.find((existing) => nameOf(existing) === nameOf(entry));
      return there === undefined || isOurs(list, there) ? [] : [`${list}: ${nameOf(entry)}`];
    }),
  );
  if (taken.length > 0) throw nameTaken(taken, String(source.get('current-context')));
  dropOurs(source, target, isOurs, 'superseded');
  for (const list of lists) {
    const entries = entriesOf(target, list, 'make');
    for (const entry of entriesOf(source, list, 'read').items) {
      const index = entries.items.findIndex((existing) => nameOf(existing) === nameOf(entry));
      const copy = target.createNode(plain(entry)) as Node;
      if (index < 0) entries.add(copy);
      else if (!sameValue(entries.items[index], entry)) entries.items[index] = copy;
    }
  }
  const current = currentOf(source);
  if (current !== undefined && currentOf(target) !== current) target.set('current-context', current);
  return textOf(target);
}

/**
 * What `mergeKubeconfig` would refuse for a cluster that has no kubeconfig yet, so that it is known before one is made.
 * @throws UsageError code KUBECONFIG_INVALID; RefusedError code KUBECONFIG_NAME_TAKEN
 */
export function refuseTakenNames(user: string | undefined, name: string): void {
  if (!user?.trim()) return;
  const target = parse(user, 'The kubeconfig');
  const taken = lists.filter((list) => entriesOf(target, list, 'read').items.some((entry) => nameOf(entry) === name));
  if (taken.length > 0)
    throw nameTaken(
      taken.map((list) => `${list}: ${name}`),
      name,
    );
}

/**
 * The user's kubeconfig without the entries of this very cluster, whatever they are called by now.
 * @param gone names of contexts that no file of the user has as ours any more: none of them stays the current one
 */
export function removeFromKubeconfig(user: string, cluster: string, gone?: ReadonlySet<string>): string {
  const source = parse(cluster, 'The cluster’s kubeconfig');
  const target = parse(user, 'The kubeconfig');
  const contexts = contextsIn(user, cluster);
  const isChanged = dropOurs(source, target, ownership(source, target), 'all') > 0;
  const current = currentOf(target);
  const isForeign = current !== undefined && contexts.all.has(current) && !contexts.ours.has(current);
  const isCleared = current !== undefined && !isForeign && (gone ?? contexts.ours).has(current);
  if (isCleared) target.set('current-context', '');
  return isChanged || isCleared ? textOf(target) : user;
}

/** What one file of a person's kubeconfig says of contexts. */
export interface KubeconfigContexts {
  /** Names of all contexts in it. */
  readonly all: ReadonlySet<string>;
  /** Names of those that are this cluster's. */
  readonly ours: ReadonlySet<string>;
  /** The current context; undefined where it sets none. */
  readonly current: string | undefined;
}

/** @throws UsageError code KUBECONFIG_INVALID when either is not a kubeconfig */
export function contextsIn(user: string | undefined, cluster: string): KubeconfigContexts {
  if (!user?.trim()) return { all: new Set(), ours: new Set(), current: undefined };
  const target = parse(user, 'The kubeconfig');
  const isOurs = ownership(parse(cluster, 'The cluster’s kubeconfig'), target);
  const entries = entriesOf(target, 'contexts', 'read').items;
  const names = (some: readonly unknown[]): ReadonlySet<string> =>
    new Set(some.map(nameOf).filter((name) => name !== undefined));
  return {
    all: names(entries),
    ours: names(entries.filter((entry) => isOurs('contexts', entry))),
    current: currentOf(target),
  };
}

/** A person's kubeconfig with the cluster's context as the current one, and nothing else changed. */
export function makeCurrent(user: string, cluster: string): string {
  const target = parse(user, 'The kubeconfig');
  const current = currentOf(parse(cluster, 'The cluster’s kubeconfig'));
  if (current === undefined || currentOf(target) === current) return user;
  target.set('current-context', current);
  return textOf(target);
}

type List = (typeof lists)[number];
type IsOurs = (list: List, entry: unknown) => boolean;

/**
 * Tells which of a person's entries belong to this very cluster: those with our mark and its CA's fingerprint. Earlier
 * versions set no mark and added NAME-2, NAME-3 for further servers: of those, what has the cluster's own CA, and what
 * refers to it under its name.
 */
function ownership(source: Document<YAMLMap>, target: Document<YAMLMap>): IsOurs {
  const own = entriesOf(source, 'clusters', 'read').items[0];
  const authority = field(own, 'cluster', 'certificate-authority-data');
  const name = nameOf(own);
  if (typeof authority !== 'string' || name === undefined) return () => false;
  const ca = caFingerprint(authority);
  const isNumbered = (text: string | undefined): boolean =>
    text === name || (text?.startsWith(`${name}-`) === true && /^[2-9][0-9]*$/.test(text.slice(name.length + 1)));
  const markOf = (list: List, entry: unknown) => markIn(field(entry, list.slice(0, -1), 'extensions'));
  const clusterIsOurs = (entry: unknown): boolean =>
    field(entry, 'cluster', 'certificate-authority-data') === authority &&
    (markOf('clusters', entry) ? markOf('clusters', entry)?.ca === ca : isNumbered(nameOf(entry)));
  const clusterNames = new Set(entriesOf(target, 'clusters', 'read').items.filter(clusterIsOurs).map(nameOf));
  const contextIsOurs = (entry: unknown): boolean => {
    const mark = markOf('contexts', entry);
    if (mark) return mark.ca === ca;
    const refersTo = field(entry, 'context', 'cluster');
    return (
      isNumbered(nameOf(entry)) &&
      field(entry, 'context', 'user') === name &&
      typeof refersTo === 'string' &&
      clusterNames.has(refersTo)
    );
  };
  const contexts = entriesOf(target, 'contexts', 'read').items;
  const userIsOurs = (entry: unknown): boolean => {
    const mark = markOf('users', entry);
    if (mark) return mark.ca === ca;
    const users = contexts.filter((context) => field(context, 'context', 'user') === nameOf(entry));
    return nameOf(entry) === name && users.length > 0 && users.every(contextIsOurs);
  };
  const judges = { clusters: clusterIsOurs, contexts: contextIsOurs, users: userIsOurs };
  return (list, entry) => judges[list](entry);
}

/** Takes our entries out: `all`, or those that the cluster's kubeconfig has no more. Returns how many. */
function dropOurs(
  source: Document<YAMLMap>,
  target: Document<YAMLMap>,
  isOurs: IsOurs,
  which: 'all' | 'superseded',
): number {
  let gone = 0;
  for (const list of lists) {
    const staying = new Set(which === 'all' ? [] : entriesOf(source, list, 'read').items.map(nameOf));
    const entries = entriesOf(target, list, 'read');
    const leaves = entries.items.filter((entry) => isOurs(list, entry) && !staying.has(nameOf(entry)));
    if (leaves.length === 0) continue;
    gone += leaves.length;
    entries.items = entries.items.filter((entry) => !leaves.includes(entry));
  }
  return gone;
}

function field(entry: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    plain(entry),
  );
}

function nameTaken(taken: readonly string[], context: string): RefusedError {
  return new RefusedError(`Your kubeconfig has entries called ${context} already that are not this cluster’s.`, {
    code: 'KUBECONFIG_NAME_TAKEN',
    details: taken,
    hint: `They stay as they are. Rename them (kubectl config rename-context ${context} …; its cluster and user in the file), or use the cluster’s own file: KUBECONFIG="$(slipway cluster kubeconfig ${context} --path)".`,
  });
}

function parse(text: string, what: string): Document<YAMLMap> {
  const document = parseDocument(text, { keepSourceTokens: false });
  const [problem] = document.errors;
  if (problem) throw invalid(what, problem.message.split('\n')[0] ?? 'not YAML');
  if (!isMap(document.contents)) throw invalid(what, 'it is not a map');
  return document as unknown as Document<YAMLMap>;
}

function entriesOf(document: Document<YAMLMap>, list: string, missing: 'make' | 'read'): YAMLSeq {
  const found = document.get(list);
  if (isSeq(found)) return found;
  if (found !== undefined && found !== null) throw invalid('The kubeconfig', `\`${list}\` is not a list`);
  const empty = new YAMLSeq();
  if (missing === 'make') document.set(list, empty);
  return empty;
}

/** The context that a document makes the current one; empty counts as none, as it does for kubectl. */
function currentOf(document: Document<YAMLMap>): string | undefined {
  const current = document.get('current-context');
  return typeof current === 'string' && current !== '' ? current : undefined;
}

function nameOf(entry: unknown): string | undefined {
  const name: unknown = isMap(entry) ? entry.get('name') : undefined;
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
}

function plain(entry: unknown): unknown {
  return isMap(entry) ? (entry.toJSON() as unknown) : entry;
}

function sameValue(left: unknown, right: unknown): boolean {
  return JSON.stringify(plain(left)) === JSON.stringify(plain(right));
}

function textOf(document: Document<YAMLMap>): string {
  // Certificates are one long line; folding them would change every line of a file that others wrote.
  return document.toString({ lineWidth: 0 });
}

function invalid(what: string, problem: string): UsageError {
  return new UsageError(`${what} is not valid: ${problem}.`, {
    code: 'KUBECONFIG_INVALID',
    hint: 'Fix that file or move it away, then run the same command again.',
  });
}
