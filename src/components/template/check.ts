import { nearest } from '../../domain/nearest.js';
import type { JsonSchema } from '../../domain/source/json-schema.js';
import { TemplateFault } from './fault.js';
import { blocks, helpers, outputs } from './helpers.js';

type Program = hbs.AST.Program;
type Expression = hbs.AST.Expression;
type Path = hbs.AST.PathExpression;
type Call = hbs.AST.SubExpression | hbs.AST.MustacheStatement;

/** What a template is checked against when it is read. */
export interface Known {
  /** What its context holds. */
  readonly context: JsonSchema;
  /** Reads a file of the component's folder. @throws TypeError in words */
  readonly file: (path: string) => string;
  /** Told of each first word of a name, and of each helper. */
  readonly uses: (name: string) => void;
}

const line = (node: hbs.AST.Node): number => node.loc.start.line;
const fail = (node: hbs.AST.Node, message: string): never => {
  throw new TemplateFault(message, line(node));
};

export const isPath = (node: hbs.AST.Node): node is Path => node.type === 'PathExpression';

/**
 * Everything about a template that can be known wrong without a context.
 * @throws TemplateFault
 */
export function checkTemplate(program: Program, known: Known): void {
  checkProgram(program, known, 0);
}

/** `depth`: how many times the context was changed on the way here; at 0 names are those of the root. */
function checkProgram(program: Program, known: Known, depth: number, params: readonly string[] = []): void {
  for (const node of program.body) checkStatement(node, known, depth, params);
}

function checkStatement(node: hbs.AST.Statement, known: Known, depth: number, params: readonly string[]): void {
  switch (node.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return;
    case 'MustacheStatement':
      return checkMustache(node as hbs.AST.MustacheStatement, known, depth, params);
    case 'BlockStatement':
      return checkBlock(node as hbs.AST.BlockStatement, known, depth, params);
    default:
      fail(node, 'partials, decorators and raw blocks are not read in templates of components');
  }
}

function checkMustache(node: hbs.AST.MustacheStatement, known: Known, depth: number, params: readonly string[]): void {
  const name = isPath(node.path) ? node.path.original : undefined;
  if (!node.escaped) fail(node, 'three braces are not read: a value passes a helper, {{q …}} or {{yaml … indent=2}}');
  if (name === undefined || (!Object.hasOwn(outputs, name) && !Object.hasOwn(helpers, name))) {
    const near = name !== undefined && node.params.length > 0 ? nearest(name, Object.keys(outputs)) : undefined;
    const written = name ?? 'value';
    fail(
      node,
      near === undefined
        ? `a bare {{${written}}} is not put out: a value passes a helper, {{q ${written}}}`
        : `there is no helper ${written}; did you mean ${near}?`,
    );
  }
  if (!Object.hasOwn(outputs, name!)) fail(node, `${name} gives a value, which passes a helper: {{q (${name} …)}}`);
  if (node.params.length !== 1) fail(node, `{{${name} …}} takes one value, not ${node.params.length}`);
  checkNamed(node, outputs[name!] ?? [], name!);
  if (name === 'file') checkFile(node, known);
  node.params.forEach((param) => checkExpression(param, known, depth, params, false));
}

function checkNamed(node: Call, allowed: readonly string[], name: string): void {
  for (const pair of node.hash?.pairs ?? []) {
    if (!allowed.includes(pair.key)) fail(pair, `${name} takes no ${pair.key}=`);
    const value = pair.value as hbs.AST.NumberLiteral;
    if (value.type !== 'NumberLiteral' || !Number.isInteger(value.value) || value.value < 0 || value.value > 80)
      fail(pair, `${pair.key}= takes a number of columns`);
  }
}

function checkBlock(node: hbs.AST.BlockStatement, known: Known, depth: number, params: readonly string[]): void {
  const name = isPath(node.path) ? node.path.original : '';
  if (!blocks.includes(name)) {
    const near = nearest(name, blocks);
    fail(
      node,
      `there is no block {{#${name}}}${near === undefined ? `; known: ${blocks.join(', ')}` : `; did you mean ${near}?`}`,
    );
  }
  if (node.params.length !== 1) fail(node, `{{#${name} …}} takes one value; put helpers into brackets`);
  if (node.hash) fail(node, `{{#${name} …}} takes nothing named`);
  node.params.forEach((param) => checkExpression(param, known, depth, params, true));
  const changes = name === 'each' || name === 'with';
  const inner = changes ? [...params, ...(node.program.blockParams ?? [])] : params;
  checkProgram(node.program, known, changes ? depth + 1 : depth, inner);
  if (node.inverse) checkProgram(node.inverse, known, depth, params);
}

function checkExpression(
  node: Expression,
  known: Known,
  depth: number,
  params: readonly string[],
  asked: boolean,
): void {
  if (isPath(node)) return checkPath(node, known, depth, params);
  if (node.type !== 'SubExpression') return;
  const call = node as hbs.AST.SubExpression;
  const name = isPath(call.path) ? call.path.original : '';
  const helper = Object.hasOwn(helpers, name) ? helpers[name] : undefined;
  if (helper === undefined) {
    const near = nearest(name, Object.keys(helpers));
    fail(node, `there is no helper ${name}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  known.uses(name);
  const [least, most] = helper!.arguments;
  if (call.params.length < least || call.params.length > most)
    fail(node, `${name} takes ${least === most ? least : `at least ${least}`} values, not ${call.params.length}`);
  if (!helper!.named && call.hash) fail(node, `${name} takes nothing named`);
  if (name === 'file') checkFile(call, known);
  call.params.forEach((param) => checkExpression(param, known, depth, params, asked || helper!.asks === true));
  for (const { value } of call.hash?.pairs ?? []) checkExpression(value, known, depth, params, asked);
}

/** Files are read with the template, so their path is written out. */
function checkFile(node: Call, known: Known): void {
  const [path] = node.params;
  if (path?.type !== 'StringLiteral') fail(node, 'file takes a path written out, in quotes');
  try {
    known.file((path as hbs.AST.StringLiteral).value);
  } catch (error) {
    fail(node, error instanceof Error ? error.message : 'the file cannot be read');
  }
}

const variables = ['root', 'key', 'index', 'first', 'last'];

function checkPath(node: Path, known: Known, depth: number, params: readonly string[]): void {
  const [first] = node.parts;
  if (node.data) {
    if (first === undefined || !variables.includes(first))
      fail(node, `there is no @${first ?? ''}; known: ${variables.map((name) => `@${name}`).join(', ')}`);
    if (first === 'root') checkKnown(node, node.parts.slice(1), known);
    else if (depth === 0) fail(node, `@${first} is there in {{#each}} only`);
    return;
  }
  if (node.depth > depth) fail(node, `${node.original} leads out of the template`);
  if (node.depth === depth && !(first !== undefined && params.includes(first))) checkKnown(node, node.parts, known);
}

/** Names that nothing in the context can have. */
function checkKnown(node: Path, parts: readonly string[], { context, uses }: Known): void {
  if (parts[0] !== undefined) uses(parts[0]);
  let here: JsonSchema | undefined = context;
  for (const [index, part] of parts.entries()) {
    const properties: Readonly<Record<string, JsonSchema>> | undefined = here?.properties;
    const next: JsonSchema | undefined = properties && Object.hasOwn(properties, part) ? properties[part] : undefined;
    if (next === undefined && here?.additionalProperties === false) {
      const names = Object.keys(properties ?? {});
      const near = nearest(part, names);
      const where = index === 0 ? 'in the context' : `in ${parts.slice(0, index).join('.')}`;
      fail(
        node,
        `${node.original}: there is no ${part} ${where}; ${near === undefined ? `known: ${names.join(', ') || 'nothing'}` : `did you mean ${near}?`}`,
      );
    }
    const more: JsonSchema | undefined =
      typeof here?.additionalProperties === 'object' ? here.additionalProperties : undefined;
    here = next ?? more;
    if (here === undefined) return;
  }
}
