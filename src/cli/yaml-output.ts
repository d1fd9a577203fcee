import { Document, visit } from 'yaml';

import { isObeyed, printableYaml } from '../domain/printable.js';

/** JSON as YAML that no terminal obeys. */
export function yamlOf(json: string): string {
  const document = new Document(JSON.parse(json));
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && isObeyed(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  // Folded lines would end between quotes.
  return printableYaml(document.toString({ lineWidth: 0 })).trimEnd();
}
