import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a CLI finds the running sandbox. 0600: it holds the tokens. */
export interface SandboxInfo {
  readonly pid: number;
  readonly port: number;
  /** For the control interface. */
  readonly controlToken: string;
  /** For the cloud's API. */
  readonly cloudToken: string;
  readonly readOnlyToken: string;
  readonly startedAt: string;
}

export const paths = (folder: string) => ({
  info: join(folder, 'sandbox.json'),
  state: join(folder, 'state.json'),
  log: join(folder, 'sandbox.log'),
  lock: join(folder, 'start.lock'),
});

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
