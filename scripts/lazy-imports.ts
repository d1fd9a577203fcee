import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build as bundle, type Plugin, transform } from 'esbuild';

import { packageRoot } from './fresh-config.js';

const compiled = join(packageRoot, 'build');
const namespace = 'lazy';

/** A module by the end of its path, and what stands in its place. */
export type Replacement = readonly [file: string, contents: () => Promise<string>];

/** What the modules that were made call: begins the bundle. */
export const lazyHelpers = `const $export = (to, all) => {
  Object.defineProperty(to, '__esModule', { value: true });
  for (const name in all) Object.defineProperty(to, name, { get: all[name], enumerable: true });
};
const $asNode = (mod) => Object.create(mod, { default: { value: mod } });`;

/**
 * Has the modules of Slipway and of oclif evaluated when what they export is first used, instead of all at once when the
 * program starts: what a command imports for its rarer ways is neither compiled nor run on the others. Their modules do
 * nothing but define, so that it makes no difference when that happens.
 */
export const lazyImports = (replacements: readonly Replacement[]): Plugin => ({
  name: 'lazy imports',
  setup(build) {
    const exported = exportsOf();
    // A namespace of their own: as files they would be taken for ES modules, by the type of the package.
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path);
      return ours(file) ? { path: relative(packageRoot, file), namespace } : undefined;
    });
    build.onLoad({ filter: /./, namespace }, async ({ path: name }) => {
      const path = join(packageRoot, name);
      const text = replacements.find(([file]) => path.endsWith(file))?.[1]() ?? readFile(path, 'utf8');
      const { code } = await transform(withoutStars(await text, path, await exported), {
        format: 'cjs',
        platform: 'node',
        target: 'node20',
        charset: 'ascii',
        supported: { 'dynamic-import': false },
        define: { 'import.meta.url': '$moduleUrl' },
        // Packages in CommonJS are then imported as Node does it.
        sourcefile: 'module.mjs',
      });
      return { contents: deferred(asCommonJs(code, path), /import_\w+/), resolveDir: dirname(path) };
    });
    build.onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => ({
      // `bin/run.js` says which Node it takes, without a library for versions.
      contents: deferred((await readFile(path, 'utf8')).replace('\ncheckNodeVersion();', ''), /\w+_\d+|Errors|Parser/),
      resolveDir: dirname(path),
    }));
  },
});

/** What each compiled module exports, by its path; without what it hands on of others with a star. */
async function exportsOf(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await bundle({
    absWorkingDir: packageRoot,
    entryPoints: [join(compiled, 'src/**/*.js'), join(compiled, 'providers/**/*.js')],
    outdir: compiled,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  return new Map(Object.entries(metafile.outputs).map(([path, output]) => [join(packageRoot, path), output.exports]));
}

const ours = (file: string): boolean =>
  ['src', 'providers'].some((room) => file.startsWith(join(compiled, room) + sep));
const star = /^export \* from '([^']+)';$/gm;

/** A module whose `export *` are written out by name, as only these can wait for their use. */
function withoutStars(text: string, path: string, exported: ReadonlyMap<string, readonly string[]>): string {
  return text.replaceAll(star, (_, from: string) => {
    const names = exported.get(resolve(dirname(path), from));
    if (names === undefined) throw new Error(`${path}: nothing is known of ${from}`);
    // One that only has types is no module any more.
    return names.length === 0 ? '' : `export { ${names.join(', ')} } from '${from}';`;
  });
}

const knownHelpers = new Set(
  'create defProp getOwnPropDesc getOwnPropNames getProtoOf hasOwnProp export copyProps toESM toCommonJS'
    .split(' ')
    .map((name) => `__${name}`),
);

/** What the compiler made of an ES module, with the helpers that all share instead of its own. */
function asCommonJs(code: string, path: string): string {
  const begin = /^var (\w+_exports) = \{\};$/m.exec(code);
  if (!begin) throw new Error(`${path} exports nothing`);
  const helpers = [...code.slice(0, begin.index).matchAll(/^var (__\w+)/gm)].map(([, name]) => name!);
  const unknown = helpers.filter((name) => !knownHelpers.has(name));
  if (unknown.length > 0) throw new Error(`${path} needs ${unknown.join(', ')}, which the bundle does not have`);
  return code
    .slice(begin.index + begin[0].length)
    .replace(`__export(${begin[1]}, {`, '$export(exports, {')
    .replace(`module.exports = __toCommonJS(${begin[1]});`, '')
    .replace(/^\/\/ Annotate the CommonJS export names[^]*$/m, '')
    .replaceAll(/__toESM\(require\("([^"]+)"\)(?:, 1)?\)/g, (_, from: string) =>
      isEsm(from, path) ? `require("${from}")` : `$asNode(require("${from}"))`,
    );
}

function isEsm(from: string, path: string): boolean {
  if (from.startsWith('.')) return true;
  if (from.startsWith('node:')) return false;
  const file = fileURLToPath(import.meta.resolve(from, pathToFileURL(path).href));
  if (/\.[cm]js$/.test(file)) return file.endsWith('.mjs');
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly type?: string };
  return type === 'module';
}

/**
 * A CommonJS module with its `const name = require(…)`, where the name is one of `names`, turned into functions that
 * require once they are called. A name that is used in any other way than `name.member` stays as it is.
 */
export function deferred(code: string, names: RegExp): string {
  const imports = new RegExp(String.raw`^(?:const|var) (${names.source}) = (.*\brequire\("[^"]+"\).*);$`, 'gm');
  for (const [statement, name, value] of code.matchAll(imports)) {
    const uses = new RegExp(String.raw`(?<![\w$'"]|(?<!\.\.)\.)${name}(?![\w$])(\.)?`, 'g');
    const others = [...code.replace(statement, '').matchAll(uses)];
    if (others.some(([, dot]) => dot === undefined)) continue;
    const once = `var $${name}; function ${name}() { return $${name} ??= ${value}; }`;
    code = code
      .split(statement)
      .map((part) => part.replaceAll(uses, `(${name}()).`))
      .join(once);
  }
  return code.replaceAll(
    /^exports\.(\w+) = (.*\brequire\("[^"]+"\).*);$/gm,
    (_, name: string, value: string) =>
      `let $${name}; Object.defineProperty(exports, "${name}", { enumerable: true, get: () => $${name} ??= ${value} });`,
  );
}
