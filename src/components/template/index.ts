import Handlebars from 'handlebars';

import type { JsonSchema } from '../../domain/source/json-schema.js';
import type { Template } from '../types.js';
import { checkTemplate } from './check.js';
import { readDocuments, type ReadDocument } from './documents.js';
import { evaluate } from './evaluate.js';
import { badTemplate, faultOfParser, TemplateFault } from './fault.js';
import { Output, slotSign } from './output.js';

export interface TemplateSource {
  readonly file: string;
  /** As messages call it. */
  readonly shown: string;
  readonly text: string;
  /** What its context may hold. */
  readonly context: JsonSchema;
  /** Reads a file of the component's folder. @throws TypeError in words */
  readonly readFile: (path: string) => string;
}

/**
 * Reads and checks a template.
 * @throws UsageError code BAD_TEMPLATE: file, line and reason.
 */
export function readTemplate({ file, shown, text, context, readFile }: TemplateSource): Template {
  const files = new Map<string, string>();
  const readOnce = (path: string): string => {
    const known = files.get(path) ?? readFile(path);
    files.set(path, known);
    return known;
  };
  const program = parse(shown, text);
  const uses = new Set<string>();
  guarded(shown, () => checkTemplate(program, { context, file: readOnce, uses: (name) => uses.add(name) }));

  if (text.includes(slotSign)) throw badTemplate(shown, new TemplateFault('U+E000 is kept for Slipway itself', 1));

  // Values are no part of what is read as YAML, so that most clusters' templates read alike: reading is the slow part.
  const known = new Map<string, readonly ReadDocument[]>();
  const read = (output: Output): readonly ReadDocument[] => {
    const documents = known.get(output.text) ?? readDocuments(output);
    if (known.size >= keptReadings) known.clear();
    known.set(output.text, documents);
    return documents;
  };
  return {
    file,
    shown,
    uses,
    documents: (root) =>
      guarded(shown, () => {
        const output = new Output();
        evaluate(program, { root, file: readOnce }, output);
        return read(output).map(({ shape, start }) => ({ data: shape(output.slots), line: output.lineAt(start) }));
      }),
  };
}

/** Ways through its conditions that a template keeps in memory. */
const keptReadings = 16;

function parse(shown: string, text: string): hbs.AST.Program {
  try {
    return Handlebars.parse(text);
  } catch (error) {
    throw badTemplate(shown, faultOfParser(error), error);
  }
}

function guarded<T>(shown: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateFault) throw badTemplate(shown, error);
    throw error;
  }
}
