import type { Machine } from '../../domain/index.js';
import type { StepContext } from '../../engine/index.js';
import { messageOf } from '../../errors/index.js';
import type { Session } from '../../remote/types.js';
import type { Tools } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import { lookInside, openSession } from '../../phases/session.js';

/**
 * Logs in to a server that has the tokens. Any server that is Ready has them: one that shows another key, or none, is no
 * reason to stop.
 * @throws what the first one was refused with, when none lets us in
 */
export async function openTokenSource(
  tools: Tools,
  [first, ...others]: readonly [Machine, ...Machine[]],
  run: StepContext,
): Promise<Session> {
  const last = others.at(-1) ?? first;
  let firstError: unknown;
  for (const machine of [first, ...others]) {
    try {
      return machine === last
        ? await openSession(tools, machine, deadlines.ssh, run)
        : await lookInside(tools, machine, run);
    } catch (error) {
      run.signal.throwIfAborted();
      firstError ??= error;
      run.progress(`${machine.name} lets nobody in (${messageOf(error)}); asking another server`);
    }
  }
  throw firstError;
}
