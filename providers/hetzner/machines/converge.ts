import { z } from 'zod';

import { hasCode } from '../../../src/http/api/errors.js';
import { whileBusy } from '../../../src/provider/kit/while-busy.js';
import { waitFor } from '../../../src/domain/wait.js';
import { IncompleteError } from '../../../src/errors/index.js';
import type { CallOptions } from '../../../src/provider/port.js';
import { type Hetzner, waits } from '../context.js';
import { actionShape, serverShape, type WireAction, type WireServer } from '../wire.js';
import { pendingOf, type Attachments, type Pending } from './pending.js';

const serverAnswer = z.object({ server: serverShape });
const actionAnswer = z.object({ action: actionShape });
const actionsAnswer = z.object({ actions: z.array(actionShape) });

const deadlineMs = 600_000;

/** Codes that say that what is asked for has happened already. */
const alreadyDone = ['server_already_attached', 'firewall_already_applied', 'server_not_stopped'];

/** Brings a server, at whatever stage it was found, to where it runs on its network behind its firewall. */
export async function completed(
  hetzner: Hetzner,
  server: Pick<WireServer, 'id' | 'name'>,
  footing: Attachments,
  options: CallOptions,
): Promise<WireServer> {
  const started = hetzner.clock.monotonic();
  for (let round = 0; ; round += 1) {
    const found = await hetzner.api.find(`/servers/${server.id}`, serverAnswer, options);
    if (!found) throw vanished(server);
    const pending = pendingOf(found.server, footing);
    if (pending.length === 0) return found.server;
    if (hetzner.clock.monotonic() - started > deadlineMs) throw stuck(found.server, pending);
    for (const missing of pending) await repair(hetzner, server.id, missing, round, footing, options);
  }
}

async function repair(
  hetzner: Hetzner,
  id: number,
  missing: Pending,
  round: number,
  { network, firewall }: Attachments,
  options: CallOptions,
): Promise<void> {
  if (missing === 'wait') return converge(hetzner, id, round, options);
  const server = { type: 'server', server: { id } };
  const [path, body] = {
    attach: [`/servers/${id}/actions/attach_to_network`, { network }] as const,
    firewall: [`/firewalls/${firewall}/actions/apply_to_resources`, { apply_to: [server] }] as const,
    'power-on': [`/servers/${id}/actions/poweron`, undefined] as const,
  }[missing];
  try {
    const shape = missing === 'firewall' ? actionsAnswer : actionAnswer;
    const answer = await whileBusy(waits(hetzner, options), ['locked'], () =>
      hetzner.api.postAgain<z.output<typeof actionsAnswer> | z.output<typeof actionAnswer>>(path, body, shape, options),
    );
    await hetzner.actions.wait('actions' in answer ? answer.actions : [answer.action], options);
  } catch (error) {
    if (!hasCode(error, ...alreadyDone)) throw error;
  }
}

/** Waits for what runs on the server now; one request tells of all of it, and the shared poller does the rest. */
async function converge(hetzner: Hetzner, id: number, round: number, options: CallOptions): Promise<void> {
  const listed: WireAction[] = await hetzner.api.list(`/servers/${id}/actions`, 'actions', actionShape, options, {
    status: 'running',
  });
  const running = listed.filter((action) => action.status === 'running');
  const results = await Promise.allSettled(running.map((action) => hetzner.actions.wait([action], options)));
  options.signal.throwIfAborted();
  const pause = running.length === 0 || results.some((result) => result.status === 'rejected');
  if (pause) await hetzner.clock.sleep(Math.min(500 * 1.5 ** round, 5_000) * hetzner.timeScale, options.signal);
}

/** Resolves once the server's delete, which somebody else began, is done. */
export async function gone(
  hetzner: Hetzner,
  { id, name }: Pick<WireServer, 'id' | 'name'>,
  options: CallOptions,
): Promise<void> {
  await waitFor(
    {
      what: `the deletion of ${name}`,
      check: async () => ((await hetzner.api.find(`/servers/${id}`, serverAnswer, options)) ? undefined : true),
    },
    {
      clock: hetzner.clock,
      signal: options.signal,
      deadlineMs,
      intervalMs: 1_000 * hetzner.timeScale,
      maxIntervalMs: 5_000 * hetzner.timeScale,
      hint: `Look at ${name} in the Hetzner console, then run the same command again.`,
      progress: options.progress,
    },
  );
}

const vanished = ({ name }: Pick<WireServer, 'name'>): IncompleteError =>
  new IncompleteError(`${name} was deleted at Hetzner while it was being made.`, {
    code: 'MACHINE_VANISHED',
    hint: 'Run the same command again: it is made anew. If nobody deleted it, look at the project’s activity in the Hetzner console.',
  });

const stuck = (server: WireServer, pending: readonly Pending[]): IncompleteError =>
  new IncompleteError(`Gave up after ${deadlineMs / 60_000} minutes of waiting for ${server.name} to run.`, {
    code: 'WAIT_TIMEOUT',
    hint: `Look at ${server.name} in the Hetzner console, then run the same command again: it goes on where it stopped.`,
    details: [`last seen: status ${server.status}, still to do: ${pending.join(', ')}`],
  });
