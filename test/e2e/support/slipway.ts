import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect } from 'vitest';
import { stringify } from 'yaml';

import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import { type ApiServer, serverOf } from '../../support/conversations.js';
import type { RigHost } from './rig.js';
import { slack } from './slack.js';

/** Where the built program lies. */
const root = process.env['SLIPWAY_E2E_PROGRAM'] ?? new URL('../../..', import.meta.url).pathname;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
  /** What `--progress json` told, in order. */
  readonly events: readonly ProgressEvent[];
}

/** An event of `--progress json`; only what the ring looks at. */
export interface ProgressEvent {
  readonly type: string;
  readonly at: number;
  readonly id?: string;
  readonly text?: string;
  readonly steps?: readonly { readonly id: string; readonly text: string; readonly target: string }[];
}

/** A cluster file as it is written; names of components are no part of its type. */
export type RingFile = Omit<ClusterFile, 'components'> & { readonly components?: Readonly<Record<string, unknown>> };

/** The built program with a folder of its own: cluster file, identity and workspace. */
export class Slipway {
  readonly home = mkdtempSync(join(tmpdir(), 'slipway-e2e-'));
  readonly file = join(this.home, 'cluster.yaml');
  /** What the program finds in its environment, beside what it always does. */
  readonly env: Record<string, string> = {};
  #running: { kill(signal: 'SIGKILL'): boolean } | undefined;

  constructor() {
    if (!existsSync(join(root, 'dist/main.cjs'))) throw new Error('dist is missing: run `npm run build` first');
    mkdirSync(join(this.home, 'ws'));
  }

  write(file: RingFile): void {
    writeFileSync(this.file, stringify(file));
  }

  /**
   * Runs a command to its end, at most `minutes` and the slack. `killWhen` sees every event as it
   * comes; when it answers true the program is killed with -9, there and then.
   */
  async run(
    args: readonly string[],
    options: { readonly minutes?: number; readonly killWhen?: (event: ProgressEvent) => boolean } = {},
  ): Promise<Ran> {
    const began = Date.now();
    const child = execa(
      join(root, 'bin/run.js'),
      [...args, ...(args.includes('--json') || args.includes('--progress') ? [] : ['--progress', 'json'])],
      {
        cwd: this.home,
        extendEnv: false,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: this.home,
          SLIPWAY_HOME: join(this.home, 'ws'),
          CI: '1',
          NO_COLOR: '1',
          ...this.env,
        },
        stdin: 'ignore',
        reject: false,
        timeout: slack * (options.minutes ?? 10) * 60_000,
        killSignal: 'SIGKILL',
      },
    );
    this.#running = child;
    const events: ProgressEvent[] = [];
    for await (const line of child.iterable({ from: 'stderr' })) {
      const event = progressEvent(line);
      if (!event) continue;
      events.push(event);
      if (options.killWhen?.(event)) child.kill('SIGKILL');
    }
    const { exitCode, stdout, stderr, timedOut } = await child;
    const code = exitCode ?? (timedOut ? 124 : 137);
    return { code, out: stdout, err: stderr, ms: Date.now() - began, events };
  }

  /** Kills the command that runs with -9. */
  kill(): void {
    this.#running?.kill('SIGKILL');
  }

  /** As `run`, of a command that has to end well. */
  async done(...args: Parameters<Slipway['run']>): Promise<Ran> {
    const ran = await this.run(...args);
    expect(ran.code, `${ran.err.trimEnd().split('\n').slice(-15).join('\n')}\n${ran.out}`).toBe(0);
    return ran;
  }

  /** The cluster's API, by the kubeconfig that slipway keeps, or at another of its addresses. */
  async api(cluster: string, address?: string): Promise<ApiServer> {
    const { out } = await this.done(['cluster', 'kubeconfig', cluster]);
    const server = serverOf(existsSync(out.trim()) ? readFileSync(out.trim(), 'utf8') : out);
    return address === undefined ? server : { ...server, url: `https://${address}:6443` };
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function progressEvent(line: string): ProgressEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as ProgressEvent;
  } catch {
    return undefined;
  }
}

/** A host of the rig as the cluster file lists it. */
export const listed = (
  { name, address, fingerprint }: RigHost,
  more: Partial<NonNullable<ClusterFile['provider']['hosts']>[number]> = {},
): NonNullable<ClusterFile['provider']['hosts']>[number] => ({ name, address, hostKey: fingerprint, ...more });

/** A cluster file of the rig's hosts: k3s from the bundle that the ring made, and what these hosts differ in accepted. */
export function ringFile(
  name: string,
  hosts: NonNullable<ClusterFile['provider']['hosts']>,
  more: Partial<RingFile> = {},
): RingFile {
  const { kubernetes, provider, ...rest } = more;
  return {
    name,
    network: { encryption: 'none' },
    preflight: { accept: ['cgroup-v1', 'disk-small', 'disk-slow', 'memory', 'time', 'swap', 'os'] },
    ...rest,
    provider: { name: 'ssh', identity: fromRing('SLIPWAY_E2E_KEY'), hosts, ...provider },
    kubernetes: {
      version: fromRing('SLIPWAY_E2E_VERSION'),
      bundle: fromRing('SLIPWAY_E2E_BUNDLE'),
      disable: ['coredns', 'metrics-server'],
      ...kubernetes,
    },
  };
}

/** What run.sh hands to the tests. */
export function fromRing(
  name:
    | 'SLIPWAY_E2E_KEY'
    | 'SLIPWAY_E2E_VERSION'
    | 'SLIPWAY_E2E_BUNDLE'
    | 'SLIPWAY_E2E_OLDER_VERSION'
    | 'SLIPWAY_E2E_OLDER_BUNDLE'
    | 'SLIPWAY_E2E_CHARTS'
    | 'SLIPWAY_E2E_DATA_IMAGES'
    | 'SLIPWAY_E2E_HELM_IMAGE'
    | 'SLIPWAY_E2E_TLS',
): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: start the ring by npm run test:e2e`);
  return value;
}
