import { isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';

/** A key that a map has twice. */
export interface Duplicate {
  /** `spec.replicas`; only where the text is JSON. */
  readonly path?: string;
  readonly key: string;
  readonly line: number;
  /** Where it comes again, as characters from the beginning; only where the text is JSON. */
  readonly place?: number;
}

interface Level {
  readonly isMap: boolean;
  readonly path: string;
  readonly seen: Set<string>;
  key: string | undefined;
  index: number;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Keys that come more than once in their map, each once. The text is JSON that could be read. */
export const duplicatesInJson = (text: string): readonly Duplicate[] => keysInJson(text).twice;

/** The same, with where each key comes first, by its path. */
export function keysInJson(text: string): {
  readonly twice: readonly Duplicate[];
  readonly places: ReadonlyMap<string, number>;
} {
  const places = new Map<string, number>();
  const found = new Map<string, Duplicate>();
  const levels: Level[] = [];
  for (const { 0: part, index } of text.matchAll(token)) {
    const level = levels.at(-1);
    if (part === '{' || part === '[')
      levels.push({ isMap: part === '{', path: within(level), seen: new Set(), key: undefined, index: 0 });
    else if (part === '}' || part === ']') levels.pop();
    else if (part === ',' && level) {
      level.key = undefined;
      level.index += 1;
    } else if (level?.isMap && level.key === undefined && part.startsWith('"')) {
      const key = JSON.parse(part) as string;
      level.key = key;
      const path = within(level);
      if (!places.has(path)) places.set(path, index);
      if (level.seen.has(key) && !found.has(path))
        found.set(path, { path, key, line: lineAt(text, index), place: index });
      level.seen.add(key);
    }
  }
  return { twice: [...found.values()], places };
}

function within(level: Level | undefined): string {
  if (!level) return '';
  if (!level.isMap) return `${level.path}[${level.index}]`;
  return level.path === '' ? level.key! : `${level.path}.${level.key!}`;
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** The same of YAML. */
export function duplicatesInYaml(text: string): Duplicate[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, lineCounter: counter });
  const found: Duplicate[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const pair of map.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const key = String(pair.key.value);
        if (seen.has(key)) found.push({ key, line: counter.linePos(pair.key.range?.[0] ?? 0).line });
        seen.add(key);
      }
    },
  });
  return found;
}
