import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';

import { errorCode } from './file-errors.js';

/** This process, as a lock names its holder. */
export interface ProcessInfo {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
}

/** What can be known of the processes on this host. */
export interface ProcessTable {
  isAlive(pid: number): Promise<boolean>;
  /** A value that differs between two processes that had the same pid; undefined where the system does not tell. */
  startTime(pid: number): Promise<string | undefined>;
}

export const systemProcesses: ProcessTable = {
  async isAlive(pid) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // EPERM: it is there and belongs to somebody else.
      if (errorCode(error) !== 'EPERM') return false;
    }
    const state = (await stat(pid))?.[0];
    // Z and X: dead, only not yet buried by its parent.
    return state !== 'Z' && state !== 'X';
  },
  async startTime(pid) {
    return (await stat(pid))?.[19];
  },
};

/** The fields of /proc/<pid>/stat from the third on; undefined on systems without. */
async function stat(pid: number): Promise<readonly string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

export function thisProcess(): ProcessInfo {
  return { pid: process.pid, host: hostname(), user: userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a uid that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
