import { isMap, isSeq, parseDocument, YAMLSeq, type Document, type Node, type YAMLMap } from 'yaml';

import { UsageError } from '../errors/index.js';

/** The lists of a kubeconfig whose entries have names. */
const lists = ['clusters', 'contexts', 'users'] as const;

/**
 * A person's kubeconfig with a cluster's entries in it: those of the same names are replaced, all others and the
 * comments stay, and the cluster's current context becomes the current one. Merging twice changes nothing further.
 * @param user the text of the user's file; undefined or empty when there is none
 * @throws UsageError code KUBECONFIG_INVALID when either is not a kubeconfig.
 */
export function mergeKubeconfig(user: string | undefined, cluster: string): string {
  const source = parse(cluster, 'The cluster’s kubeconfig');
  const target = parse(user?.trim() ? user : 'apiVersion: v1\nkind: Config\n', 'The kubeconfig');
  for (const list of lists) {
    const entries = entriesOf(target, list, 'make');
    for (const entry of entriesOf(source, list, 'read').items) {
      const index = entries.items.findIndex((existing) => nameOf(existing) === nameOf(entry));
      const copy = target.createNode(plain(entry)) as Node;
      if (index < 0) entries.add(copy);
      else if (!sameValue(entries.items[index], entry)) entries.items[index] = copy;
    }
  }
  const current = source.get('current-context');
  if (typeof current === 'string' && target.get('current-context') !== current) target.set('current-context', current);
  return textOf(target);
}

/** The user's kubeconfig without the entries that the cluster's one has. */
export function removeFromKubeconfig(user: string, cluster: string): string {
  const source = parse(cluster, 'The cluster’s kubeconfig');
  const target = parse(user, 'The kubeconfig');
  const gone = new Set<string>();
  for (const list of lists) {
    const names = new Set(entriesOf(source, list, 'read').items.map(nameOf));
    const entries = entriesOf(target, list, 'read');
    const kept = entries.items.filter((entry) => !names.has(nameOf(entry)));
    if (kept.length !== entries.items.length) entries.items = kept;
    if (list === 'contexts') for (const name of names) if (name !== undefined) gone.add(name);
  }
  const current = target.get('current-context');
  if (typeof current === 'string' && gone.has(current)) target.set('current-context', '');
  return textOf(target);
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
    hint: 'Mend or move away that file, then run the same command again.',
  });
}
