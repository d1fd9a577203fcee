import type { Obj } from '../objects.js';

/** What a container turns out to do, once it runs. */
export type ProgramRun =
  | { readonly kind: 'serves' }
  /** Ends by itself; `end` says how, and does then what the program is there for. */
  | { readonly kind: 'ends'; readonly afterMs: number; end(): number }
  /** Its image cannot be had. */
  | { readonly kind: 'no image'; readonly message: string };

/** A program that the sandbox simulates: which pods run it, and what becomes of them. */
export interface Program {
  matches(pod: Obj): boolean;
  /** @param log takes a line of the container's output */
  start(pod: Obj, log: (line: string) => void): ProgramRun;
}

const keptBytes = 64 * 1024;

interface PodLog {
  current: string;
  previous: string | undefined;
}

/** What containers wrote, by the pod's uid: this run's and the one's before. Gone with the pod. */
export class PodLogs {
  readonly #logs = new Map<string, PodLog>();

  /** A container starts: what it wrote until now becomes the previous log. */
  begin(uid: string): void {
    const known = this.#logs.get(uid);
    this.#logs.set(uid, { current: '', previous: known?.current });
  }

  write(uid: string, line: string): void {
    const log = this.#logs.get(uid);
    if (log) log.current = `${log.current}${line}\n`.slice(-keptBytes);
  }

  /** Undefined: there is no such run. */
  read(uid: string, previous: boolean): string | undefined {
    const log = this.#logs.get(uid);
    return previous ? log?.previous : log?.current;
  }

  drop(uid: string): void {
    this.#logs.delete(uid);
  }
}
