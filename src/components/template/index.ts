import Handlebars from 'handlebars';

import type { JsonSchema } from '../../domain/source/json-schema.js';
import type { RenderedDocument, Template, TemplateContext } from '../types.js';
import { checkTemplate } from './check.js';
import { documentsOf } from './documents.js';
import { evaluate } from './evaluate.js';
import { badTemplate, faultOfParser, TemplateFault } from './fault.js';
import { Output } from './output.js';

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
  const read = (path: string): string => {
    const known = files.get(path) ?? readFile(path);
    files.set(path, known);
    return known;
  };
  const program = parse(shown, text);
  guarded(shown, () => checkTemplate(program, { context, file: read }));

  const render = (root: TemplateContext): Output => {
    const output = new Output();
    guarded(shown, () => evaluate(program, { root, file: read }, output));
    return output;
  };
  // Most templates say the same for most clusters, and reading YAML is the slow part.
  let last: { text: string; documents: readonly RenderedDocument[] } | undefined;
  return {
    file,
    shown,
    render: (root) => render(root).text,
    documents: (root) => {
      const output = render(root);
      if (last?.text !== output.text)
        last = { text: output.text, documents: guarded(shown, () => documentsOf(output)) };
      return last.documents;
    },
  };
}

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
