import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import ts from 'typescript';
import { expect, it } from 'vitest';

const forms = 'src/config/cluster-schema.ts';
const lists = [forms, 'src/runtime/distributions.ts'];

type Edit = readonly [path: string, before: string, after: string];

/** What the compiler has read: the same for each question but for the files that are edited. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of the lists of distributions once these texts stand in files. */
function errorsWith(...edits: readonly Edit[]): readonly string[] {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8')) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const host = ts.createCompilerHost(options);
  host.readFile = (path) =>
    edits.reduce(
      (text, [edited, before, after]) => (resolve(path) === resolve(edited) ? text?.replace(before, after) : text),
      ts.sys.readFile(path),
    );
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...how) => {
    if (edits.some(([edited]) => resolve(path) === resolve(edited))) return getSourceFile(path, ...how);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...how));
    return parsed.get(path);
  };
  const program = ts.createProgram(lists, { ...options, noEmit: true }, host);
  return lists.flatMap((path) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(path))
      .map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]!}`),
  );
}

it('a distribution that is named and that nothing implements is a type error in each list of them', () => {
  const named: Edit = [
    'src/domain/spec/schema.ts',
    "distributionNames = ['k3s', 'lke']",
    "distributionNames = ['k3s', 'lke', 'later']",
  ];
  const formed: Edit = [forms, '{ k3s, lke } satisfies', '{ k3s, lke, later: k3s } satisfies'];
  const unopened = expect.stringMatching(/^src\/runtime\/distributions\.ts: Property 'later' is missing/) as string;
  const unchosen = expect.stringMatching(/^src\/config\/cluster-schema\.ts: Property 'later' is missing/) as string;
  expect(errorsWith(named)).toEqual([
    expect.stringMatching(/^src\/config\/cluster-schema\.ts: .*Record<"k3s" \| "lke" \| "later", FileFields>/),
    unchosen,
    unopened,
  ]);
  // With a form of its own, which the schema does not choose yet.
  expect(errorsWith(named, formed)).toEqual([unchosen, unopened]);
});
