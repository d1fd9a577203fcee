import { jsonText } from '../yaml-text.js';
import { TemplateFault } from './fault.js';
import { isMap } from './helpers.js';
import { slotPattern, slotSign, type Slot } from './output.js';

/** Data with slots: given what is in them, the data. */
export type Shape = (slots: readonly Slot[]) => unknown;

const whole = new RegExp(`^${slotPattern.source}$`);
const numberOf = (text: string): number | undefined => {
  const found = text.includes(slotSign) ? whole.exec(text)?.[1] : undefined;
  return found === undefined ? undefined : Number(found);
};

/**
 * What fills in the slots of data that was read from YAML. Parts without slots are the same object each time.
 * @param inText slots that are part of a block of text
 */
export function shapeOf(data: unknown, inText: ReadonlySet<number>): Shape {
  if (typeof data === 'string') return textShape(data, inText);
  if (Array.isArray(data)) return listShape(data, inText);
  if (isMap(data)) return mapShape(data, inText);
  return () => data;
}

/** Whether a value holds a slot anywhere. */
function hasSlots(data: unknown): boolean {
  if (typeof data === 'string') return data.includes(slotSign);
  if (Array.isArray(data)) return data.some(hasSlots);
  return isMap(data) && Object.entries(data).some(([key, value]) => key.includes(slotSign) || hasSlots(value));
}

function textShape(text: string, inText: ReadonlySet<number>): Shape {
  if (!text.includes(slotSign)) return () => text;
  const number = numberOf(text);
  if (number !== undefined && !inText.has(number)) return (slots) => slots[number]!.value;
  return (slots) => fillText(text, slots);
}

/** Text between others: as JSON when it was quoted, bare with its lines hanging under the first when not. */
function fillText(text: string, slots: readonly Slot[]): string {
  const pattern = new RegExp(`"?${slotPattern.source}"?`, 'g');
  return text.replace(pattern, (found, digits: string, offset: number) => {
    const { value, as } = slots[Number(digits)]!;
    if (as !== 'text') return jsonText(value);
    const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset);
    const column = /^ */.exec(line)![0];
    const bare = (value as string).replace(/\r\n?/g, '\n').replace(/\n(?=[^\n])/g, `\n${column}`);
    // Quotes around it, if any, are the template's own.
    return `${found.startsWith('"') ? '"' : ''}${bare}${found.endsWith('"') ? '"' : ''}`;
  });
}

function listShape(list: readonly unknown[], inText: ReadonlySet<number>): Shape {
  if (!hasSlots(list)) return () => list;
  const items = list.map((item) => ({
    number: typeof item === 'string' ? numberOf(item) : undefined,
    shape: shapeOf(item, inText),
  }));
  return (slots) =>
    items.flatMap(({ number, shape }) => {
      const slot = number === undefined ? undefined : slots[number];
      return slot?.as === 'items' ? slot.value : [shape(slots)];
    });
}

function mapShape(map: Readonly<Record<string, unknown>>, inText: ReadonlySet<number>): Shape {
  if (!hasSlots(map)) return () => map;
  const entries = Object.entries(map).map(([key, value]) => ({
    key,
    number: numberOf(key),
    shape: shapeOf(value, inText),
  }));
  return (slots) => {
    const filled = new Map<string, unknown>();
    const set = (key: string, value: unknown, line: number): void => {
      if (filled.has(key))
        throw new TemplateFault(`the YAML it renders: the key ${JSON.stringify(key)} is there twice`, line);
      filled.set(key, value);
    };
    for (const { key, number, shape } of entries) {
      const slot = number === undefined ? undefined : slots[number];
      if (slot?.as === 'keys')
        for (const [inner, value] of Object.entries(slot.value as Record<string, unknown>))
          set(inner, value, slot.line);
      else set(slot === undefined ? key : keyOf(slot), shape(slots), slot?.line ?? 1);
    }
    return Object.fromEntries(filled);
  };
}

function keyOf({ value, line }: Slot): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateFault('a key is text or a number', line);
}
