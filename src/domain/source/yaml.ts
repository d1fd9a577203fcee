import { isAlias, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';

/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with the YAML itself. */
export interface SourceProblem extends Position {
  readonly message: string;
}

export interface YamlSource {
  /** The file as plain data; undefined when its structure could not be read. */
  readonly data: unknown;
  readonly problems: readonly SourceProblem[];
  /** Where the value (or the key) at a path is written; the nearest thing around it when it is absent. */
  locate(path: readonly (string | number)[], atKey: boolean): Position;
}

/** More of them than anyone writes by hand are an attempt to fill memory. */
const maxAliases = 100;

/** Errors after which the rest of the tree still means what it says. */
const harmless = new Set(['DUPLICATE_KEY']);

const tooDeep = 'nested too deeply to be read';

const words: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is already there; keep one of them',
  TAB_AS_INDENT: 'a tab indents this line; YAML takes spaces only',
  MULTIPLE_DOCS: 'a second document begins here; a cluster file holds one',
};

/** Reads one YAML document. Never throws for what the text holds. */
export function readYaml(text: string): YamlSource {
  try {
    return read(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const at = { line: 1, column: 1 };
    if (error instanceof RangeError) return unreadable([{ ...at, message: tooDeep }]);
    if (error instanceof ReferenceError) return unreadable([{ ...at, message: 'aliases that expand to too much' }]);
    throw error;
  }
}

function read(text: string): YamlSource {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const problemOf = (error: YAMLError): SourceProblem => ({ ...position(error.pos[0]), message: wordsFor(error) });

  const structural = document.errors.filter((error) => !harmless.has(error.code));
  if (structural.length > 0) {
    // What follows a broken line is guesswork: one message for each line, and nothing about the content.
    const problems = structural.map(problemOf);
    return unreadable(
      problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index),
    );
  }

  const tree = treeProblems(document, position);
  const endless = tree.some((problem) => problem.endless);
  return {
    data: endless ? undefined : (document.toJS({ maxAliasCount: maxAliases }) as unknown),
    problems: [...document.errors, ...document.warnings].map(problemOf).concat(tree),
    locate: (path, atKey) => position(offsetOf(document, path, atKey)),
  };
}

function wordsFor(error: YAMLError): string {
  if (/call stack/.test(error.message)) return tooDeep;
  return words[error.code] ?? error.message.charAt(0).toLowerCase() + error.message.slice(1);
}

function unreadable(problems: readonly SourceProblem[]): YamlSource {
  return { data: undefined, problems, locate: () => ({ line: 1, column: 1 }) };
}

interface TreeProblem extends SourceProblem {
  /** True where expanding aliases would not end, or not soon. */
  readonly endless?: boolean;
}

/** Aliases that lead nowhere or into themselves, and keys that are not text. */
function treeProblems(document: Document.Parsed, position: (offset: number) => Position): TreeProblem[] {
  const problems: TreeProblem[] = [];
  let aliases = 0;
  visit(document, {
    Alias: (_key, node, path) => {
      const at = position(node.range?.[0] ?? 0);
      aliases += 1;
      if (aliases > maxAliases) {
        problems.push({
          ...at,
          message: `alias *${node.source}: more than ${maxAliases} aliases are not read`,
          endless: true,
        });
        return visit.BREAK;
      }
      const target = node.resolve(document);
      if (target === undefined)
        problems.push({ ...at, message: `alias *${node.source}: no anchor &${node.source} before it`, endless: true });
      else if (path.some((ancestor) => ancestor === target))
        problems.push({ ...at, message: `alias *${node.source}: it would contain itself`, endless: true });
      return undefined;
    },
    Pair: (_key, pair) => {
      const at = position(isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);
      if (!isScalar(pair.key)) problems.push({ ...at, message: 'a key must be plain text' });
      else if (pair.key.value === '<<')
        problems.push({ ...at, message: 'merge keys (<<) are not read; write the keys out' });
      else if (pair.key.value === '__proto__') problems.push({ ...at, message: '__proto__ cannot be a key' });
    },
  });
  return problems;
}

function offsetOf(document: Document.Parsed, path: readonly (string | number)[], atKey: boolean): number {
  let here: Node | null | undefined = document.contents;
  let offset = start(here);
  for (const [index, part] of path.entries()) {
    if (isAlias(here)) here = here.resolve(document);
    if (!isCollection(here)) return offset;
    const last = index === path.length - 1;
    if (isMap(here)) {
      const pair: Pair<Node, Node | null> | undefined = (here.items as Pair<Node, Node | null>[]).find(
        ({ key }) => isScalar(key) && String(key.value) === String(part),
      );
      if (pair === undefined) return offset;
      // An empty value has no place of its own worth pointing at: its key has.
      const empty = pair.value === null || (isScalar(pair.value) && pair.value.value === null);
      here = pair.value;
      offset = (last && atKey) || empty ? start(pair.key) : start(pair.value);
    } else {
      const item: unknown = here.items[Number(part)];
      if (!isNode(item)) return offset;
      here = item;
      offset = start(item);
    }
  }
  return offset;
}

const start = (node: Node | null | undefined): number => node?.range?.[0] ?? 0;
