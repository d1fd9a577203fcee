import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

import { openBoundary, Secret, systemClock, systemRandom, type Clock } from '../../src/domain/index.js';
import { SlipwayError } from '../../src/errors/index.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import {
  type ClusterFolder,
  openWorkspace,
  type ClusterRecord,
  type KeyPair,
  type Workspace,
  type WorkspaceOptions,
} from '../../src/workspace/index.js';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slipway-workspace-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Where a cluster of a workspace on this computer is kept. */
export const folderOf = ({ kubeconfigPath }: ClusterFolder): string => dirname(kubeconfigPath!);

/** Real OpenSSH keys, made by OpenSSH. */
export function opensshKeyPair(comment: string): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-key-'));
  try {
    const path = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
    return {
      publicKey: readFileSync(`${path}.pub`, 'utf8').trim(),
      privateKey: new Secret(readFileSync(path, 'utf8')),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const testOptions = (path: string | undefined, options: Partial<WorkspaceOptions> = {}): WorkspaceOptions => ({
  env: {},
  clock: systemClock,
  random: systemRandom,
  boundary: openBoundary,
  generateKeyPair: opensshKeyPair,
  ...options,
  path: path ?? options.path,
});

export function testWorkspace(path: string, options: Partial<WorkspaceOptions> = {}): Workspace {
  return openWorkspace(testOptions(path, options));
}

export function testRecord(name: string): ClusterRecord {
  return {
    name,
    id: 'k3x9',
    createdAt: '2026-11-20T10:00:00.000Z',
    spec: clusterSchema.parse({ name, provider: { name: 'sandbox' } }),
  };
}

/** Stands still until told; sleeping moves it on at once. */
export class SteppedClock implements Clock {
  #now: number;

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The SlipwayError that this work ends with; anything else fails the test. */
export async function refusal(work: Promise<unknown>): Promise<SlipwayError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error('it was expected to be refused');
}
