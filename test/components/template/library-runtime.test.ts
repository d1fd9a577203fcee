import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';

/**
 * What Handlebars' own runtime does with names that have no value, with `strict` set on every argument's path. Decision 5
 * rests on it: where one of these fails after an upgrade of the library, read the record again.
 */
class StrictArguments extends Handlebars.Visitor {
  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    super.MustacheStatement(node);
    strict(node.params);
  }
  override SubExpression(node: hbs.AST.SubExpression): void {
    super.SubExpression(node);
    strict(node.params);
  }
}

function strict(params: readonly hbs.AST.Expression[]): void {
  for (const param of params) if (param.type === 'PathExpression') Object.assign(param, { strict: true });
}

const helpers = {
  q: (value: unknown): string => JSON.stringify(value) ?? '',
  concat: (...all: unknown[]): string => all.slice(0, -1).join(''),
};

function rendered(text: string, context: object): string {
  const program = Handlebars.parse(text);
  new StrictArguments().accept(program);
  return Handlebars.compile(program, { strict: true, noEscape: true })(context, { helpers });
}

function thrown(work: () => unknown): { name: string; lineNumber?: number; column?: number } {
  try {
    work();
  } catch (error) {
    return Object.assign({ name: (error as Error).constructor.name }, error);
  }
  throw new Error('nothing was thrown');
}

describe('Handlebars’ runtime, strict on every argument', () => {
  it.each([
    ['an argument', '\nb: {{q options.x}}', { options: {} }],
    ['an argument of an argument', '\nb: {{q (concat "a" options.x)}}', { options: {} }],
  ])('throws with line and column for %s', (_what, text, context) => {
    const { lineNumber, column } = thrown(() => rendered(text, context));
    expect(lineNumber).toBe(2);
    expect(column).toBeGreaterThan(2);
  });

  it('throws without a place where a question’s first names are missing, although a question may be answered with no', () => {
    const error = thrown(() => rendered('\n{{#if options.dns.provider}}b{{/if}}', { options: {} }));
    expect(error.name).toBe('TypeError');
    expect(error.lineNumber).toBeUndefined();
  });

  it('says nothing for a name under a block parameter', () => {
    expect(rendered('{{#each list as |host|}}b: {{q host.name}}{{/each}}', { list: [{}] })).toBe('b: ');
  });

  it('says nothing for a key that is there without a value', () => {
    expect(rendered('b: {{q options.x}}', { options: { x: undefined } })).toBe('b: ');
  });
});
