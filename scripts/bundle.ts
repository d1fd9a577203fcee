import { readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

import { build as bundle, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

import { packageRoot } from './fresh-config.js';
import { lazyHelpers, lazyImports } from './lazy-imports.js';
import { preparedModule } from './prepared-components.js';

const compiled = join(packageRoot, 'build');
const out = join(packageRoot, 'dist');

/**
 * Stay packages of their own: the parts of ssh2 that are compiled where it is installed, and the Kubernetes client, which
 * is loaded for the few kubeconfigs with a plugin.
 */
const external = ['cpu-features', '@kubernetes/client-node', 'typescript'];

/** What ssh2 finds beside its own files is found from the bundle by its name; where it was not compiled, ssh2 does without. */
const compiledParts: Plugin = {
  name: 'compiled parts',
  setup(build) {
    build.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path)
        .replace(/^.*node_modules[\\/]/, '')
        .split(sep)
        .join('/'),
      external: true,
    }));
  },
};

/** zod's messages in all languages are half of it; ours are English. */
const englishOnly: Plugin = {
  name: 'english only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Slipway's own components, read and checked once and for all. */
const preparedComponents: Plugin = {
  name: 'prepared components',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]components[\\/]built-in\.js$/ }, async ({ path }) => ({
      contents: await preparedModule(),
      resolveDir: dirname(path),
    }));
  },
};

/** What packages in CommonJS expect to have. The names are those of nothing else: nobody renames them. */
const banner = `import { createRequire as $createRequire } from 'node:module';
import { dirname as $dirname } from 'node:path';
import { fileURLToPath as $fileURLToPath } from 'node:url';
const require = $createRequire(import.meta.url), __filename = $fileURLToPath(import.meta.url), __dirname = $dirname(__filename);`;

/** zod would compile a parser from each schema that it meets, which takes longer than the few values of a command. */
const quickSchemas = 'globalThis.__zod_globalConfig = { jitless: true };';

/** The program's first file: its commands, each read when it is called, and what runs them. */
function programEntry(): string {
  const commands = readdirSync(join(compiled, 'src/commands'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .sort();
  const table = commands.map((file) => {
    const id = file.slice(0, -'.js'.length).split(sep).join(':');
    return `${JSON.stringify(id)}: () => require(${JSON.stringify(`./src/commands/${file.split(sep).join('/')}`)}).default`;
  });
  return `const commands = { ${table.join(', ')} };
exports.main = (...args) => require('./src/cli/main.js').mainWith(commands, ...args);`;
}

/** The sandbox's server is loaded as commands are; what V8 compiled of it by its end is kept. */
const daemonStart = `import { createRequire } from 'node:module';
const { load } = createRequire(import.meta.url)('../bin/load.js');
const { keep } = load(['daemon'], 'daemon.cjs');
process.once('exit', keep);
`;

/** The packages that are part of the bundle, by their folders. */
function packagesIn(outputs: Metafile['outputs']): string[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  return [...folders].sort();
}

/** Their names, versions, licences and the licences' texts, as these ask for. @throws where a package has no licence. */
async function notices(folders: readonly string[]): Promise<string> {
  const parts = folders.map(async (folder) => {
    const {
      name,
      version,
      licenses,
      license = licenses?.map(({ type }) => type).join(' or '),
    } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
      /** As packages had it before. */
      readonly licenses?: readonly { readonly type: string }[];
    };
    if (license === undefined) throw new Error(`${name} has no licence in its package.json, and cannot be bundled`);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text =
      file === undefined ? 'The package has no file with its text.' : await readFile(join(folder, file), 'utf8');
    return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
  });
  return `Slipway contains these packages.\n\n${(await Promise.all(parts)).join(`\n${'-'.repeat(80)}\n\n`)}`;
}

const common = {
  absWorkingDir: packageRoot,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Names stay, for stack traces in reports.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external,
  plugins: [englishOnly, preparedComponents, compiledParts],
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Puts the program together from what the compiler wrote. The commands are one file, of which V8 keeps what it compiled
 * (`bin/load.js`): that is read as Latin-1, so it is ASCII. The sandbox's server and what oclif loads by itself are others.
 */
async function main(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  const required = {
    format: 'cjs',
    charset: 'ascii',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '$moduleUrl' },
    banner: {
      js: `const $moduleUrl = require('node:url').pathToFileURL(__filename).href;\n${lazyHelpers}\n${quickSchemas}`,
    },
  } as const;
  const loaded = {
    ...required,
    // A function, as `bin/load.js` calls it: putting that around so long a text at each start takes time.
    banner: { js: `(function (exports, require, module, __filename, __dirname) {${required.banner.js}` },
    footer: { js: '})' },
  } as const;
  const program = await bundle({
    ...common,
    ...loaded,
    plugins: [lazyImports([['src/components/built-in.js', preparedModule]]), englishOnly, compiledParts],
    stdin: { contents: programEntry(), resolveDir: compiled, sourcefile: 'program.js' },
    outfile: join(out, 'main.cjs'),
  });
  const daemon = await bundle({
    ...common,
    ...loaded,
    entryPoints: [join(compiled, 'providers/sandbox/daemon.js')],
    outfile: join(out, 'daemon.cjs'),
  });
  await writeFile(join(out, 'daemon.js'), daemonStart);
  const hook = await bundle({
    ...common,
    ...required,
    entryPoints: [join(compiled, 'src/ui/not-found.js')],
    outfile: join(out, 'not-found.cjs'),
  });
  const help = await bundle({
    ...common,
    entryPoints: { 'src/ui/help': join(compiled, 'src/ui/help.js') },
    outdir: out,
    format: 'esm',
    banner: { js: banner },
  });
  const outputs: Metafile['outputs'] = {};
  for (const { metafile } of [program, daemon, hook, help]) Object.assign(outputs, metafile.outputs);
  await writeFile(join(out, 'THIRD-PARTY-NOTICES.txt'), await notices(packagesIn(outputs)));
}

await main();
