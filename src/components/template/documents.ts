import { isScalar, parseAllDocuments, visit, type Document, type Node } from 'yaml';

import type { RenderedDocument } from '../types.js';
import { TemplateFault } from './fault.js';
import type { Inserted, Output } from './output.js';

/**
 * Rendered YAML as data. What helpers put in must have become what they say it is, so that no value can be anything but
 * a value.
 * @throws TemplateFault
 */
export function documentsOf(output: Output): readonly RenderedDocument[] {
  const documents = parseAllDocuments(output.text, { prettyErrors: false, logLevel: 'error', version: '1.2' });
  const found = Array.isArray(documents) ? documents : [];
  const inserted = new Places(output.inserted);
  const rendered = found.flatMap((document) => {
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined)
      throw new TemplateFault(`the YAML it renders: ${lower(error.message)}`, output.lineAt(error.pos[0]));
    inserted.meet(document);
    if (document.contents === null || isEmpty(document.contents)) return [];
    const start = document.contents.range?.[0] ?? 0;
    return [{ data: plain(document, output.lineAt(start)), line: output.lineAt(start) }];
  });
  inserted.finish(output.text);
  return rendered;
}

const isEmpty = (node: Node): boolean => isScalar(node) && node.value === null;
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function plain(document: Document.Parsed, line: number): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw new TemplateFault(`the YAML it renders: ${error instanceof Error ? error.message : 'unreadable'}`, line);
  }
}

/** Where the YAML's values stand, against where helpers put something. */
class Places {
  readonly #values = new Map<number, number>();
  readonly #starts = new Set<number>();
  readonly #texts: (readonly [number, number])[] = [];

  constructor(readonly inserted: readonly Inserted[]) {}

  meet(document: Document.Parsed): void {
    if (this.inserted.length === 0) return;
    visit(document, {
      Node: (_key, node) => {
        const [start, end] = node.range ?? [-1, -1];
        this.#starts.add(start);
        if (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'))
          this.#texts.push([start, end]);
        else this.#values.set(start, Math.max(end, this.#values.get(start) ?? end));
        if (isScalar(node)) this.#values.set(start, end);
      },
    });
  }

  /** @throws TemplateFault */
  finish(text: string): void {
    for (const { from, to, line, as } of this.inserted) {
      if (from === to) continue;
      const inText = this.#texts.some(([start, end]) => start < from && to <= end);
      if (inText) continue;
      if (as === 'block' && this.#starts.has(from)) continue;
      if (as === 'value' && this.#values.get(from) === to) continue;
      if (isComment(text, from)) continue;
      throw new TemplateFault(complaint[as], line);
    }
  }
}

const complaint: Readonly<Record<Inserted['as'], string>> = {
  value:
    'the value does not stand by itself here: {{q …}} makes a whole value, {{q (concat "…" x)}} one of several parts',
  block: 'the block does not stand by itself here: give it the column of the lines around it as indent=',
  text: 'bare text can only stand in a block of text (after `key: |`, further in than the key)',
};

function isComment(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^\s*#/.test(line);
}
