import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import type { HostFacts, HostTask, Remote } from '../../src/remote/types.js';
import { remoteWith, signal } from '../remote/support.js';
import { sleepStandIn } from '../support/host-stand-ins.js';
import { isRoot, sshdMissing, startHost, type TestHost, type TestHostOptions } from '../support/sshd.js';

export interface Rig {
  readonly host: TestHost;
  readonly remote: Remote;
  run(task: HostTask): Promise<HostFacts>;
  /** What the last task said for people. */
  readonly said: string[];
}

/** A fresh host for each test file, and the production code that talks to it. */
export function useHost(options: TestHostOptions = {}): Rig {
  let host: TestHost;
  let remote: Remote;
  const said: string[] = [];
  beforeAll(async () => {
    host = await startHost(options);
    await host.write('../bin/sleep', sleepStandIn, 0o755);
    remote = remoteWith();
  });
  afterEach(() => void (said.length = 0));
  afterAll(async () => {
    await remote.close();
    await host.stop();
  });
  return {
    get host() {
      return host;
    },
    get remote() {
      return remote;
    },
    said,
    run: async (task) => {
      const session = await remote.connect(host.target, 20_000, { signal });
      return session.run(task, { signal, progress: (text) => said.push(text) });
    },
  };
}

export interface SmallDisk {
  readonly path: string;
  remove(): void;
}

/** A file system of so many MiB, where this process may mount one and hosts can be started. */
export function smallDisk(sizeMiB: number): SmallDisk | undefined {
  if (!isRoot || sshdMissing) return undefined;
  const path = mkdtempSync(join(tmpdir(), 'slipway-small-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path]).status !== 0) {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
