import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { type ErrorEntry, errorGroups, hostTaskCodes } from '../../src/errors/codes/index.js';
import { exitCodes } from '../../src/errors/index.js';
import { builtInProviders } from '../../src/runtime/providers.js';

const root = new URL('../..', import.meta.url).pathname;
const packages = await Promise.all(Object.values(builtInProviders).map((load) => load()));
const groups: readonly Readonly<Record<string, ErrorEntry>>[] = [
  ...Object.values(errorGroups),
  // Both faces of the sandbox have the same.
  ...new Set(packages.map(({ codes }) => codes)),
];
const registry: Readonly<Record<string, ErrorEntry>> = Object.assign({}, ...groups) as never;

function files(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

const sources = [...files('src', '.ts'), ...files('providers', '.ts')].filter(
  (path) => !path.startsWith('src/errors/codes/') && !/^providers\/[^/]+\/codes\.ts$/.test(path),
);
const parsed = sources.map((path) =>
  ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true),
);

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  node.forEachChild((child) => visit(child, look));
}

/** Codes that are the value of a property `code`, with where each stands. */
function stated(): { readonly code: string; readonly at: string; readonly exit: number | undefined }[] {
  const found: { code: string; at: string; exit: number | undefined }[] = [];
  for (const source of parsed) {
    visit(source, (node) => {
      if (!ts.isPropertyAssignment(node) || node.name.getText() !== 'code') return;
      if (!ts.isStringLiteral(node.initializer)) return;
      const code = node.initializer.text;
      if (!/^[A-Z][A-Z0-9_]*$/.test(code)) return;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ code, at: `${source.fileName}:${line + 1}`, exit: exitOf(node.parent) });
    });
  }
  return found;
}

const classes: Readonly<Record<string, number>> = {
  UsageError: exitCodes.usage,
  RefusedError: exitCodes.refused,
  IncompleteError: exitCodes.incomplete,
  DeclinedError: exitCodes.declined,
  BusyError: exitCodes.busy,
  UnexpectedError: exitCodes.unexpected,
  InterruptedError: exitCodes.interrupted,
};

/** The exit code that the error or problem of this object literal has; undefined where it is not told right there. */
function exitOf(object: ts.Node): number | undefined {
  if (ts.isObjectLiteralExpression(object)) {
    const kind = object.properties.find((one) => ts.isPropertyAssignment(one) && one.name.getText() === 'kind');
    if (kind && ts.isPropertyAssignment(kind)) {
      const text = kind.initializer.getText();
      return text.startsWith("'usage'")
        ? exitCodes.usage
        : text.startsWith("'refused'")
          ? exitCodes.refused
          : undefined;
    }
  }
  const made = object.parent;
  return ts.isNewExpression(made) ? classes[made.expression.getText()] : undefined;
}

/** Every word in upper case that is a string of the program. */
function words(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const source of parsed)
    visit(source, (node) => {
      if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.add(node.text);
    });
  return found;
}

/** Codes of `fail CODE`, `give_up CODE`, `slipway_end CODE` and of the causes that are read from k3s’ journal. */
function hostCodes(): ReadonlySet<string> {
  const text = files('templates/host', '.sh')
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
    .replaceAll(/^\s*#.*$/gm, '');
  const patterns = [
    /\b(?:fail|slipway_end|give_up) (?:"\$\{code:-)?([A-Z][A-Z0-9_]+)[ }]/g,
    /seen\(".*", "([A-Z][A-Z0-9_]+)[!~]?", "/g,
    /last = "([A-Z][A-Z0-9_]+)[!~]?\\t/g,
    /lacks='?([A-Z][A-Z0-9_]+)/g,
    /error_code=([A-Z][A-Z0-9_]+)/g,
  ];
  return new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code!)));
}

describe('the registry of error codes', () => {
  it('has every code that Slipway or a provider names', () => {
    const codes = stated();
    expect(codes.length).toBeGreaterThan(200);
    // What the sandbox's cloud and Kubernetes answer are their words, not ours.
    const unknown = codes.filter(({ code, at }) => !(code in registry) && !at.startsWith('providers/sandbox/'));
    expect(unknown.map(({ code, at }) => `${at} ${code}`)).toEqual([]);
  });

  it('has no code that nothing names', () => {
    const known = words();
    // Those that stand for what a cloud's API says are told from its answers, by the rules that tests below know.
    const own = Object.keys(registry).filter((code) => !/^(HETZNER|LINODE)_/.test(code));
    expect(own.filter((code) => !known.has(code))).toEqual([]);
  });

  it('gives each code the exit codes of the errors that have it', () => {
    const wrong = stated().filter(
      ({ code, exit, at }) =>
        exit !== undefined &&
        !at.startsWith('providers/sandbox/') &&
        registry[code] !== undefined &&
        !registry[code].exits.includes(exit as never),
    );
    expect(wrong.map(({ code, exit, at }) => `${at} ${code} exits with ${exit}`)).toEqual([]);
  });

  it('has exactly the codes that tasks on machines end with', () => {
    expect(Object.keys(hostTaskCodes).sort()).toEqual([...hostCodes()].sort());
  });

  it('has each code in one group, with two whole sentences', () => {
    const codes = groups.flatMap((group) => Object.keys(group));
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    for (const { meaning, remedy } of [...Object.values(registry), ...Object.values(hostTaskCodes)]) {
      expect(meaning).toMatch(/^[A-Z`].+\.$|^cloud-init.+\.$|^k3s.+\.$|^etcd.+\.$|^sshd.+\.$|^keepalived.+\.$/);
      expect(remedy).toMatch(/^[A-Z`].+\.$/);
    }
  });

  it('holds a provider to codes that its own package lists, or to those of all', async () => {
    const { dialect } = await import('../../providers/hetzner/client.js');
    const listed = Object.keys(packages.find(({ name }) => name === 'hetzner')!.codes);
    expect(listed.map((code) => dialect.ownCode(code.slice('HETZNER_'.length).toLowerCase()))).toEqual(listed);
    expect(dialect.ownCode('something_new')).toBe('PROVIDER_ANSWER');
  });

  it('has a code of Linode’s for no answer that its client does not tell from others', async () => {
    const { dialect } = await import('../../providers/linode/client.js');
    const listed = Object.keys(packages.find(({ name }) => name === 'linode')!.codes);
    const kinds = listed.map((code) => code.slice('LINODE_'.length).toLowerCase());
    const known = words();
    expect(kinds.filter((kind) => !known.has(kind))).toEqual([]);
    expect(kinds.map((kind) => dialect.ownCode(kind))).toEqual(listed);
    expect(dialect.ownCode('something_new')).toBe('PROVIDER_ANSWER');
  });

  it('is a page of the reference, with every code', () => {
    const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
    for (const code of [...Object.keys(registry), ...Object.keys(hostTaskCodes)])
      expect(page).toContain(`| \`${code}\` |`);
  });
});
