import { isPath } from './check.js';
import { TemplateFault } from './fault.js';
import { helpers, isMap, isThere, member, type HelperContext } from './helpers.js';
import type { Output } from './output.js';
import { putFile, putText, putValue, putYaml } from './put.js';

type Program = hbs.AST.Program;
type Expression = hbs.AST.Expression;
type Call = hbs.AST.SubExpression | hbs.AST.MustacheStatement;

interface Scope {
  readonly here: unknown;
  readonly outer: Scope | undefined;
  /** `@key`, `@index`, `@first`, `@last`. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
}

const line = (node: hbs.AST.Node): number => node.loc.start.line;

/**
 * Runs a checked template. It is walked here instead of by the library, whose strict mode lets a value without content
 * pass into a helper, and cannot tell where it was written.
 * @throws TemplateFault
 */
export function evaluate(program: Program, context: HelperContext, output: Output): void {
  const run = new Run(context, output);
  run.program(program, { here: context.root, outer: undefined, data: {}, params: {} });
}

class Run {
  constructor(
    readonly context: HelperContext,
    readonly output: Output,
  ) {}

  program(program: Program, scope: Scope): void {
    for (const node of program.body) {
      if (node.type === 'ContentStatement') this.content(node as hbs.AST.ContentStatement);
      else if (node.type === 'MustacheStatement') this.mustache(node as hbs.AST.MustacheStatement, scope);
      else if (node.type === 'BlockStatement') this.block(node as hbs.AST.BlockStatement, scope);
    }
  }

  private content({ value, original, loc }: hbs.AST.ContentStatement): void {
    // White space that the parser took away may hold line ends, which count.
    const written = original as unknown as string;
    const skipped = written.slice(0, Math.max(0, written.indexOf(value)));
    this.output.copy(value, loc.start.line + (skipped.match(/\n/g)?.length ?? 0));
  }

  private mustache(node: hbs.AST.MustacheStatement, scope: Scope): void {
    const [param] = node.params;
    const name = isPath(node.path) ? node.path.original : '';
    const indent = (node.hash?.pairs[0]?.value as hbs.AST.NumberLiteral | undefined)?.value;
    const value = name === 'file' ? this.call(node, scope) : this.value(param!, scope, false);
    this.guard(node, name, () => {
      if (name === 'q') putValue(this.output, value, line(node));
      else if (name === 'yaml') putYaml(this.output, value, indent, line(node));
      else if (name === 'text') putText(this.output, value, line(node));
      else putFile(this.output, value as string, indent, line(node));
    });
  }

  private block(node: hbs.AST.BlockStatement, scope: Scope): void {
    const name = isPath(node.path) ? node.path.original : '';
    const value = this.value(node.params[0]!, scope, true);
    const otherwise = (): void => {
      if (node.inverse) this.program(node.inverse, scope);
    };
    if (name === 'if' || name === 'unless') {
      if (isThere(value) === (name === 'if')) this.program(node.program, scope);
      else otherwise();
    } else if (!isThere(value)) {
      otherwise();
    } else if (name === 'with') {
      this.program(node.program, this.inner(scope, node, value, undefined, {}));
    } else {
      this.each(node, scope, value);
    }
  }

  private each(node: hbs.AST.BlockStatement, scope: Scope, value: unknown): void {
    if (!Array.isArray(value) && !isMap(value)) throw new TemplateFault('{{#each}} takes a list or a map', line(node));
    const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
      ? value.map((entry: unknown, index) => [index, entry])
      : Object.entries(value);
    entries.forEach(([key, entry], index) => {
      const data = { key, index, first: index === 0, last: index === entries.length - 1 };
      this.program(node.program, this.inner(scope, node, entry, key, data));
    });
  }

  private inner(
    outer: Scope,
    node: hbs.AST.BlockStatement,
    here: unknown,
    key: string | number | undefined,
    data: Readonly<Record<string, unknown>>,
  ): Scope {
    const [first, second] = node.program.blockParams ?? [];
    return {
      here,
      outer,
      data: { ...outer.data, ...data },
      params: {
        ...outer.params,
        ...(first === undefined ? {} : { [first]: here }),
        ...(second === undefined ? {} : { [second]: key }),
      },
    };
  }

  /** `asked`: whether nothing is an answer too. */
  private value(node: Expression, scope: Scope, asked: boolean): unknown {
    if (node.type === 'SubExpression') return this.call(node as hbs.AST.SubExpression, scope);
    if (!isPath(node)) return literal(node);
    const found = find(node, scope, this.context.root);
    if (found !== undefined || asked) return found;
    throw new TemplateFault(
      `${node.original} has no value here; ask for it with {{#if ${node.original}}} or (default ${node.original} …)`,
      line(node),
    );
  }

  private call(node: Call, scope: Scope): unknown {
    const name = isPath(node.path) ? node.path.original : '';
    const helper = helpers[name];
    if (helper === undefined) throw new TemplateFault(`there is no helper ${name}`, line(node));
    const asks = helper.asks ?? false;
    const args = node.params.map((param) => this.value(param, scope, asks));
    const named = Object.fromEntries(
      (node.hash?.pairs ?? []).map(({ key, value }) => [key, this.value(value, scope, false)]),
    );
    return this.guard(node, name, () => helper.call(args, named, this.context));
  }

  /** A helper's own complaint, with the line. */
  private guard<T>(node: hbs.AST.Node, name: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof TypeError) throw new TemplateFault(`${name} ${error.message}`, line(node));
      throw error;
    }
  }
}

function find(node: hbs.AST.PathExpression, scope: Scope, root: unknown): unknown {
  const [first, ...rest] = node.parts;
  if (node.data) {
    const from = first === 'root' ? root : scope.data[first ?? ''];
    return rest.reduce(member, from);
  }
  const own = node.depth === 0 && !/^(this|\.)[./]/.test(node.original);
  if (own && first !== undefined && Object.hasOwn(scope.params, first)) return rest.reduce(member, scope.params[first]);
  let from: Scope | undefined = scope;
  for (let up = 0; up < node.depth; up += 1) from = from?.outer;
  return node.parts.reduce(member, from?.here);
}

function literal(node: Expression): unknown {
  if (node.type === 'NullLiteral') return null;
  if (node.type === 'UndefinedLiteral') return undefined;
  return (node as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value;
}
