import type { Machine } from '../../../domain/index.js';
import type { StepContext } from '../../../engine/index.js';
import { IncompleteError, messageOf, SlipwayError } from '../../../errors/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { isUpNode } from '../../../phases/is-up.js';
import { openSession } from '../../../phases/session.js';
import type { HostTask } from '../../../remote/types.js';
import type { K3sContext } from '../context.js';
import { checkServer, putBackSettings, restartK3s } from '../host/index.js';
import { k3sRules } from '../rules.js';

/** A node that is to have other settings. */
export interface SettingsChange {
  readonly context: K3sContext;
  readonly api: ClusterApi;
  readonly machine: Machine;
  /** What k3s was started with by this run. */
  started?: HostTask | undefined;
}

/**
 * A node that does not come up with what it is started with has the settings again that it ran well with before.
 * @param task starts it
 * @throws IncompleteError codes SETTINGS_PUT_BACK; SETTINGS_FAILED where it has none to go back to, or does not come up with
 * them either
 */
export async function orPutBack(
  change: SettingsChange,
  task: HostTask,
  run: StepContext,
  work: () => Promise<void>,
): Promise<void> {
  change.started = task;
  run.progress('writing its configuration, and starting k3s with it');
  try {
    await work();
  } catch (error) {
    run.signal.throwIfAborted();
    let back: unknown;
    try {
      await putBack(change, task, run);
    } catch (failure) {
      run.signal.throwIfAborted();
      back = failure;
    }
    throw failed(change, error, back);
  }
}

function failed({ context, machine }: SettingsChange, error: unknown, back: unknown): IncompleteError {
  const details = error instanceof SlipwayError ? error.details : [];
  const hint = `Look at it: slipway cluster ssh ${context.cluster.name} ${machine.name}. What comes after it was not begun.`;
  const text = `${machine.name} does not come up with its new settings`;
  if (back === undefined) {
    return new IncompleteError(`${text}, and has its former ones again: ${messageOf(error)}`, {
      code: 'SETTINGS_PUT_BACK',
      details,
      hint,
      cause: error,
    });
  }
  return new IncompleteError(`${text}: ${messageOf(error)}`, {
    code: 'SETTINGS_FAILED',
    details: [...details, `Its former ones were not put back: ${messageOf(back)}`],
    hint,
    cause: error,
  });
}

/** Takes back settings with which a node went down after it had come up. @returns false where it is up */
export async function putBackNode(change: SettingsChange, run: StepContext): Promise<void | false> {
  const { api, machine, started } = change;
  const node = (await api.kube.nodes(run)).find(({ name }) => name === machine.name);
  if (!started || isUpNode(machine.role, node, k3sRules)) return false;
  await putBack(change, started, run);
}

async function putBack({ context, api, machine }: SettingsChange, started: HostTask, run: StepContext): Promise<void> {
  run.progress('putting its former settings back');
  const role = machine.role === 'control-plane' ? 'server' : 'agent';
  const session = await openSession(context.tools, machine, deadlines.ssh, run);
  await session.run(putBackSettings({ role, started }), run);
  const deadlineMs = role === 'server' ? deadlines.serverStart : deadlines.agentStart;
  await session.run(restartK3s({ role, deadlineMs }), run);
  if (role === 'server') await session.run(checkServer(), run);
  const isThere = (node: NodeFacts | undefined): boolean => isUpNode(machine.role, node, k3sRules);
  await api.watch.until(machine.name, 'to be up with its former settings', isThere, {
    ...run,
    deadlineMs: deadlines.nodeReady,
    hint: `Look at it: slipway cluster ssh ${context.cluster.name} ${machine.name}`,
  });
}
