/**
 * Writes down what went wrong inside the sandbox, for whoever looks at its log. Nothing that a client or a controller does
 * may end the daemon: others' clusters live in it.
 */
export function reportFault(where: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${new Date().toISOString()} ${where}: ${text}\n`);
}

/** Does a piece of work; what it throws is written down, and the next piece goes on. */
export function contained(where: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    reportFault(where, error);
  }
}
