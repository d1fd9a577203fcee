import type { Machine } from '../../../domain/index.js';
import { messageOf } from '../../../errors/index.js';
import type { Tools } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { lookInside } from '../../../phases/session.js';
import type { RunOptions } from '../../../remote/types.js';
import type { RebootReport } from '../../reboots.js';
import { parseUpdates, readUpdates } from '../host/index.js';

/** Asks every machine at once; one that does not answer in time is told of with the reason. */
export async function lookForUpdates(
  tools: Tools,
  machines: readonly Machine[],
  options: RunOptions,
): Promise<RebootReport> {
  const waiting = new Map<string, string>();
  const silent = new Map<string, string>();
  await Promise.all(
    machines.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, options);
        const facts = parseUpdates(await session.run(readUpdates({ deadlineMs: deadlines.hostTask }), options));
        if (facts.waiting !== undefined) waiting.set(machine.name, facts.waiting);
      } catch (error) {
        options.signal.throwIfAborted();
        silent.set(machine.name, messageOf(error));
      }
    }),
  );
  return { waiting, silent };
}
