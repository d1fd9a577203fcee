import { readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { build as bundle, type Metafile, type Plugin } from 'esbuild';

import { packageRoot } from './fresh-config.js';
import { preparedModule } from './prepared-components.js';

const compiled = join(packageRoot, 'build');
const out = join(packageRoot, 'dist');

/**
 * Stay packages of their own: ssh2 has a part that is compiled where it is installed, and the Kubernetes client is loaded
 * for the few kubeconfigs with a plugin.
 */
const external = ['ssh2', '@kubernetes/client-node', 'typescript'];

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

/** Where a file is run from by its own path, and what it is called in `dist`. */
function entryPoints(): Record<string, string> {
  const commands = readdirSync(join(compiled, 'src/commands'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => `src/commands/${file.slice(0, -'.js'.length)}`);
  const entries = [...commands, 'src/ui/help', 'src/ui/not-found'].map((name) => [name, join(compiled, `${name}.js`)]);
  return {
    ...(Object.fromEntries(entries) as Record<string, string>),
    main: join(compiled, 'src/cli/main.js'),
    daemon: join(compiled, 'providers/sandbox/daemon.js'),
  };
}

/** The packages that are part of the bundle, by their folders. */
function packagesIn({ outputs }: Metafile): string[] {
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
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    if (license === undefined) throw new Error(`${name} has no licence in its package.json, and cannot be bundled`);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text =
      file === undefined ? 'The package has no file with its text.' : await readFile(join(folder, file), 'utf8');
    return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
  });
  return `Slipway contains these packages.\n\n${(await Promise.all(parts)).join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Puts the program together from what the compiler wrote: one file for each command, what they share in files beside them. */
async function main(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  const { metafile } = await bundle({
    absWorkingDir: packageRoot,
    entryPoints: entryPoints(),
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Names stay, for stack traces in reports.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: banner },
    external,
    plugins: [englishOnly, preparedComponents],
    metafile: true,
    logLevel: 'warning',
  });
  await writeFile(join(compiled, 'bundle.json'), JSON.stringify(metafile));
  await writeFile(join(out, 'THIRD-PARTY-NOTICES.txt'), await notices(packagesIn(metafile)));
}

await main();
