import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A program that the tests run: clients by the people who wrote the API that the sandbox imitates, and servers for clients
 * of ours.
 */
export type Program =
  | 'kubectl'
  | 'helm'
  | 'client-go'
  | 'hcloud'
  | 'hcloud-go'
  | 'hcloud-python'
  | 'linode-cli'
  | 'linodego'
  | 'moto'
  | 'versitygw'
  | 'nats'
  | 'restic';

/** Programs that are installed together, from one folder of `test/clients`. */
export interface ClientSet {
  /** Folder in `test/clients` which pins what is installed. */
  readonly name: 'npm' | 'python' | 'linode-cli' | 'go' | 'moto' | 'versitygw' | 'nats' | 'restic';
  /** Where its programs are, from the folder that it was installed into. */
  readonly programs: Partial<Record<Program, string>>;
}

export const clientSets: readonly ClientSet[] = [
  { name: 'npm', programs: { kubectl: 'kubectl/kubectl', helm: 'helm/helm' } },
  { name: 'python', programs: { 'hcloud-python': 'bin/python' } },
  { name: 'linode-cli', programs: { 'linode-cli': 'bin/python' } },
  { name: 'go', programs: { 'client-go': 'bin/kubernetes', 'hcloud-go': 'bin/hetzner', linodego: 'bin/linode' } },
  { name: 'moto', programs: { moto: 'bin/python' } },
  { name: 'versitygw', programs: { versitygw: 'bin/versitygw' } },
  { name: 'nats', programs: { nats: 'bin/nats-server' } },
  { name: 'restic', programs: { restic: 'bin/restic' } },
];

export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.SLIPWAY_TEST_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slipway-test');

/** The repository's folder with the pins of a set; found from the sources as well as from the build. */
export function pinsOf(set: ClientSet): string {
  for (const root of ['..', '../..']) {
    const folder = fileURLToPath(new URL(`${root}/test/clients/${set.name}`, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new Error(`test/clients/${set.name} is not in this tree`);
}

/** Other pins or another computer make another folder, so that trees of several states share one cache. */
export function installedAt(set: ClientSet): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const pins = pinsOf(set);
  for (const name of readdirSync(pins, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/\.[^/]+$/.test(name)) hash.update(name).update(readFileSync(join(pins, name)));
  }
  return join(cacheFolder(), `${set.name}-${hash.digest('hex').slice(0, 12)}`);
}

/** Where a program is: hcloud on the PATH, all others where `npm run clients` has installed them. */
export function programAt(program: Program): string | undefined {
  if (program === 'hcloud') return onPath('hcloud');
  for (const set of clientSets) {
    const path = set.programs[program];
    if (path === undefined) continue;
    const whole = join(installedAt(set), path);
    if (existsSync(whole)) return whole;
  }
  return undefined;
}

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
