import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { commands } = JSON.parse(readFileSync(`${root}/oclif.manifest.json`, 'utf8')) as {
  readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, unknown>> }>>;
};
const everyFlag = new Set(Object.values(commands).flatMap(({ flags }) => Object.keys(flags)));

interface Question {
  readonly where: string;
  /** The flags that answer it, as they stand in the source; undefined when it names none. */
  readonly flags: string | undefined;
  /** Flags there are where it is asked. */
  readonly known: ReadonlySet<string>;
}

/** Everything that is asked: objects with a `question`, in the file of a command or of what commands share. */
function questionsIn(path: string): readonly Question[] {
  const source = ts.createSourceFile(path, readFileSync(`${root}/${path}`, 'utf8'), ts.ScriptTarget.Latest, true);
  const id = /^src\/commands\/(.*)\.ts$/.exec(path)?.[1]?.replaceAll('/', ':');
  const known = id === undefined ? everyFlag : new Set(Object.keys(commands[id]!.flags));
  const found: Question[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const valueOf = (name: string): string | undefined =>
        node.properties
          .filter(ts.isPropertyAssignment)
          .find((property) => property.name.getText() === name)
          ?.initializer.getText();
      if (valueOf('question') !== undefined) {
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.push({ where: `${path}:${line}`, flags: valueOf('flags'), known });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it('every question names flags that answer it where there is no terminal, and that exist', () => {
  const questions = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file}`)
    .flatMap(questionsIn);
  expect(questions.length).toBeGreaterThan(3);
  const namedBy = ({ flags = '' }: Question): readonly string[] =>
    [...flags.matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag!);
  expect(questions.filter((question) => namedBy(question).length === 0).map(({ where }) => where)).toEqual([]);
  expect(
    questions.flatMap((question) =>
      namedBy(question)
        .filter((flag) => !question.known.has(flag))
        .map((flag) => `${question.where}: --${flag}`),
    ),
  ).toEqual([]);
});
