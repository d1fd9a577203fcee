/** Work that brings something in line with what is there: who asks while it runs shares the one run that follows. */
export class Coalesced {
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** Resolves once a run has ended that began after this call. @throws what that run threw */
  run(work: () => Promise<void>): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const run = work();
      this.#running = run.catch(() => undefined);
      return run;
    });
    return this.#next;
  }
}
