import { isNode, isScalar, parseAllDocuments, visit, type Document, type Node, type Scalar } from 'yaml';

import { TemplateFault } from './fault.js';
import { slotPattern, slotSign, type Output, type Slot } from './output.js';
import { shapeOf, type Shape } from './shape.js';

/** A document of a template's YAML, read once, that takes any values for its slots. */
export interface ReadDocument {
  readonly shape: Shape;
  /** Offset of its beginning in the output. */
  readonly start: number;
}

/**
 * Reads YAML with slots in it. Every slot must stand where it can be what it is, whatever will be in it.
 * @throws TemplateFault
 */
export function readDocuments(output: Output): readonly ReadDocument[] {
  const parsed = parseAllDocuments(output.text, { prettyErrors: false, logLevel: 'error', version: '1.2' });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document) => {
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw wrong(error.message, output.lineAt(error.pos[0]));
    if (document.contents === null || isEmpty(document.contents)) return [];
    checkKeys(document, output);
    const inText = checkSlots(document, output.slots);
    const start = document.contents.range?.[0] ?? 0;
    return [{ shape: shapeOf(plain(document, output.lineAt(start)), inText), start }];
  });
}

const isEmpty = (node: Node): boolean => isScalar(node) && node.value === null;

function wrong(message: string, line: number): TemplateFault {
  const shown = message.replace(new RegExp(`"?${slotPattern.source}"?`, 'g'), '{{…}}').replaceAll(slotSign, '…');
  return new TemplateFault(`the YAML it renders: ${shown.charAt(0).toLowerCase()}${shown.slice(1)}`, line);
}

function plain(document: Document.Parsed, line: number): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'unreadable', line);
  }
}

/** Keys are text: what else YAML can have there, programs read differently. */
function checkKeys(document: Document.Parsed, output: Output): void {
  visit(document, {
    Pair: (_key, { key }) => {
      if (isScalar(key)) return;
      throw wrong('a key must be plain text', output.lineAt(isNode(key) ? (key.range?.[0] ?? 0) : 0));
    },
  });
}

/** Numbers of the slots that are part of a block of text. @throws TemplateFault for one that cannot be what it is */
function checkSlots(document: Document.Parsed, slots: readonly Slot[]): ReadonlySet<number> {
  const inText = new Set<number>();
  if (slots.length === 0) return inText;
  visit(document, {
    Scalar: (place, node) => {
      if (typeof node.value !== 'string' || !node.value.includes(slotSign)) return;
      const numbers = [...node.value.matchAll(new RegExp(slotPattern, 'g'))].map((found) => Number(found[1]));
      for (const number of numbers) {
        const slot = slots[number]!;
        if (isBlockText(node) && place !== 'key') inText.add(number);
        else if (slot.as === 'text' || !standsAlone(node)) throw new TemplateFault(complaint[slot.as], slot.line);
      }
    },
  });
  return inText;
}

const isBlockText = ({ type }: Scalar): boolean => type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
const standsAlone = ({ type, value }: Scalar): boolean =>
  type === 'QUOTE_DOUBLE' && new RegExp(`^${slotPattern.source}$`).test(value as string);

const complaint: Readonly<Record<Slot['as'], string>> = {
  value:
    'the value does not stand by itself here: {{q …}} makes a whole value, {{q (concat "…" x)}} one of several parts',
  keys: 'the block does not stand by itself here',
  items: 'the block does not stand by itself here',
  text: 'bare text can only stand in a block of text (after `key: |`, further in than the key)',
};
