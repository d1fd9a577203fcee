import { UsageError } from '../../errors/index.js';

/** Something wrong with a template, or with what it was given, and the template's line. */
export class TemplateFault extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/** The error a person sees: `templates/components/traefik/values.yaml.hbs:12: …`. */
export function badTemplate(shown: string, fault: TemplateFault, cause?: unknown): UsageError {
  return new UsageError(`${shown}:${fault.line}: ${fault.message}`, {
    code: 'BAD_TEMPLATE',
    hint: 'docs/reference/component-folders.md tells what a template may hold.',
    cause,
  });
}

/** What the library's parser says, with its line. Its messages come as: where, the text, a caret, what was expected. */
export function faultOfParser(error: unknown): TemplateFault {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').filter((line) => line !== '');
  const given = (error as { lineNumber?: unknown } | undefined)?.lineNumber;
  const told = /on line (\d+)/.exec(lines[0] ?? '')?.[1];
  const line = typeof given === 'number' ? given : Number(told ?? 1);
  const text = lines[1]?.trim();
  return new TemplateFault(
    lines.length > 1 ? `${lines.at(-1)}, near ${JSON.stringify(text)}` : (lines[0] ?? 'unreadable'),
    line,
  );
}
