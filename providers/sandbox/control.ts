import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ask, UnexpectedError, UsageError } from '../../src/provider/index.js';
import { folderWith } from './package-files.js';
import { alive, makeFolder, paths, readJson, type SandboxInfo } from './state-folder.js';
import type { SandboxProfile } from './types.js';

export interface SandboxHandle {
  readonly info: SandboxInfo;
  /** Base of the cloud's API: `http://127.0.0.1:20123/v1`. */
  readonly endpoint: string;
  /** Base of Linode's API: `http://127.0.0.1:20123/v4`. */
  readonly linodeEndpoint: string;
  /** As it was when the sandbox was found. */
  readonly profile: SandboxProfile;
  /** A call of the control interface. @throws UnexpectedError code SANDBOX */
  call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
}

export interface SandboxStatus {
  readonly running: boolean;
  readonly pid?: number;
  readonly endpoint?: string;
  readonly profile?: SandboxProfile;
  readonly machines?: number;
  readonly clusters?: number;
  readonly calls?: number;
  readonly memoryMiB?: number;
}

/** A busy computer takes its time; what ends, or hangs, is told earlier or later. */
const startMs = 60_000;
/** Whoever starts the sandbox touches its lock all the time: one that is older was left by a process that died. */
const lockMs = 15_000;
const stopMs = 15_000;
const bytesAtMost = 16 * 2 ** 20;
/** Milliseconds until a call is given up; what takes time in the sandbox goes on after the answer. */
const answerMs = 30_000;

function controlOf(info: SandboxInfo, deadlineMs: number): Omit<SandboxHandle, 'profile'> {
  const base = `http://127.0.0.1:${info.port}`;
  return {
    info,
    endpoint: `${base}/v1`,
    linodeEndpoint: `${base}/v4`,
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
      const signal = AbortSignal.timeout(deadlineMs);
      const { status, text } = await ask(`${base}/_sandbox/${path}`, {
        method,
        headers: { Authorization: `Bearer ${info.controlToken}`, 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
        bytesAtMost,
      }).catch((error: unknown) => {
        throw signal.aborted ? new SandboxSilent(info.pid, path, deadlineMs, error) : error;
      });
      const answer = JSON.parse(text) as T & { error?: string };
      if (status >= 200 && status < 300) return answer;
      throw new UnexpectedError(`The sandbox did not take ${path}: ${answer.error ?? status}.`, {
        code: 'SANDBOX',
        hint: 'See: slipway sandbox status',
      });
    },
  };
}

/** It runs, and says nothing: another one beside it would work on the same state. */
class SandboxSilent extends UnexpectedError {
  constructor(pid: number, path: string, deadlineMs: number, cause: unknown) {
    super(`The sandbox, process ${pid}, did not answer ${path} within ${Math.round(deadlineMs / 1000)} s.`, {
      code: 'SANDBOX',
      hint: `It may be suspended, or this computer be busy: run the same command again, or end process ${pid} first. What it remembers stays.`,
      cause,
    });
  }
}

/**
 * The running sandbox of a folder; undefined when none answers.
 * @throws UnexpectedError code SANDBOX when its process lives and says nothing
 */
export async function findSandbox(folder: string, deadlineMs = answerMs): Promise<SandboxHandle | undefined> {
  const info = readJson<SandboxInfo>(paths(folder).info);
  if (!info || !alive(info.pid)) return undefined;
  const control = controlOf(info, deadlineMs);
  try {
    const { profile } = await control.call<Pick<SandboxHandle, 'profile'>>('GET', 'status');
    return { ...control, profile };
  } catch (error) {
    if (error instanceof SandboxSilent) throw error;
    return undefined;
  }
}

/**
 * Starts the sandbox unless it runs. Two that start it at once end with one: the first to make the lock file spawns it.
 * @param changes of the profile, such as `{ timeScale: 0.01 }`
 * @throws UnexpectedError code SANDBOX_START with the end of its log
 */
export async function startSandbox(
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<SandboxHandle> {
  const running = await findSandbox(folder);
  if (running) {
    const { timeScale } = changes;
    if (typeof timeScale !== 'number' || timeScale === running.profile.timeScale) return running;
    return { ...running, ...(await running.call<Pick<SandboxHandle, 'profile'>>('POST', 'profile', { timeScale })) };
  }
  makeFolder(folder);
  const file = paths(folder);
  const owns = takeLock(file.lock);
  let hasEnded = false;
  try {
    if (owns) launch(folder, changes, file.log).once('exit', () => (hasEnded = true));
    const began = performance.now();
    const waits = (): boolean => {
      const waited = performance.now() - began;
      return waited < startMs && !hasEnded && (owns || waited < lockMs || lockAge(file.lock) < lockMs);
    };
    while (waits()) {
      const found = await findSandbox(folder);
      if (found) return found;
      await delay(30);
      if (owns) touch(file.lock);
    }
  } finally {
    if (owns) rmSync(file.lock, { force: true });
  }
  throw new UnexpectedError(
    hasEnded ? 'The sandbox could not start.' : `The sandbox did not start within ${startMs / 1000} s.`,
    {
      code: 'SANDBOX_START',
      hint: 'Throw its state away and try again: slipway sandbox reset',
      details: lastLines(file.log),
    },
  );
}

/** One that nobody touches any more is left by a process that died, and is taken over. */
function takeLock(path: string): boolean {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writable(error, path);
      if (lockAge(path) < lockMs) return false;
      rmSync(path, { force: true });
    }
  }
  return false;
}

/** Milliseconds since it was touched. One of the future was left before the computer's clock was set back. */
function lockAge(path: string): number {
  return Math.abs(Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity));
}

function touch(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch {
    // Whoever took it away started the sandbox anew.
  }
}

function launch(folder: string, changes: Readonly<Record<string, unknown>>, log: string): ChildProcess {
  const out = openSync(log, 'a', 0o600);
  const daemon = join(folderWith(import.meta.url, 'daemon.js'), 'daemon.js');
  const child = spawn(process.execPath, [daemon, folder, JSON.stringify(changes)], {
    detached: true,
    stdio: ['ignore', out, out],
    cwd: folder,
  });
  child.unref();
  closeSync(out);
  return child;
}

function writable(error: unknown, path: string): Error {
  return new UsageError(`${path} cannot be written: ${(error as Error).message}.`, {
    code: 'WORKSPACE_UNWRITABLE',
    hint: 'Check the permissions of that folder and the room on its disk.',
    cause: error,
  });
}

function lastLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-8);
  } catch {
    return [];
  }
}

export async function sandboxStatus(folder: string): Promise<SandboxStatus> {
  const handle = await findSandbox(folder);
  if (!handle) return { running: false };
  return {
    running: true,
    pid: handle.info.pid,
    endpoint: handle.endpoint,
    ...(await handle.call<object>('GET', 'status')),
  };
}

/** Stops it, keeping its state. False when it did not run. */
export async function stopSandbox(folder: string): Promise<boolean> {
  const handle = await findSandbox(folder);
  if (!handle) return false;
  await handle.call('POST', 'stop').catch(() => undefined);
  const until = performance.now() + stopMs;
  while (alive(handle.info.pid) && performance.now() < until) await delay(20);
  return true;
}

/** Stops it and throws all its machines away. */
export async function resetSandbox(folder: string): Promise<void> {
  await stopSandbox(folder);
  const { state, info, lock } = paths(folder);
  for (const path of [state, info, lock]) rmSync(path, { force: true });
}
