import { isSameMinor, type Machine } from '../../../domain/index.js';
import type { StepContext } from '../../../engine/index.js';
import { IncompleteError, messageOf, refusedHalfWay, SlipwayError } from '../../../errors/index.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { isUpNode } from '../../../phases/is-up.js';
import { openSession } from '../../../phases/session.js';
import { quarantine, releaseNode, upgradingAnnotation } from '../../../phases/upgrade-marks.js';
import type { Session } from '../../../remote/types.js';
import { checkServer, installK3s, putBackK3s, restartK3s } from '../host/index.js';
import type { PushedProgram } from '../push-bundle.js';
import { k3sRules } from '../rules.js';

/** A node on its way to another release, and what it takes to bring it there. */
export interface NodeChange {
  readonly context: Omit<PhaseContext, 'rules'>;
  readonly api: ClusterApi;
  readonly machine: Machine;
  readonly from: string;
  readonly to: string;
  readonly drained: boolean;
  /** Whether it may be set aside where it cannot be emptied; takes one of those that may. Undefined: it may not. */
  readonly maySetAside?: (() => boolean) | undefined;
}

/**
 * Brings one node to another release: emptied where that is asked for, its binary exchanged, k3s started anew, and then
 * Ready at the release and, if it is a server, voting. What was done of it by a run that was killed is found done.
 * @throws IncompleteError codes UPGRADE_PUT_BACK, UPGRADE_FAILED, DRAIN_TIMEOUT and what sessions throw
 */
export async function changeNode(change: NodeChange, run: StepContext): Promise<void> {
  const { context, api, machine, drained } = change;
  const session = await openSession(context.tools, machine, deadlines.ssh, run);
  if (!isThere(change, await nodeNow(change, run))) {
    await api.kube.patchNode(machine.name, { annotations: { [upgradingAnnotation]: change.from } }, run);
    if (drained && (await empty(change, run)) === 'set aside') return;
    await orPutBack(change, session, run, () => exchange(change, session, run));
  }
  await releaseNode(api, machine.name, run);
}

/** Takes back a patch release after which a node went down. @returns false where it is up */
export async function putBackNode(change: NodeChange, run: StepContext): Promise<void | false> {
  if (isThere(change, await nodeNow(change, run))) return false;
  await putBack(change, await openSession(change.context.tools, change.machine, deadlines.ssh, run), run);
}

const roleOf = ({ role }: Machine): 'server' | 'agent' => (role === 'control-plane' ? 'server' : 'agent');

const isUpAt = ({ machine }: NodeChange, version: string, node: NodeFacts | undefined): boolean =>
  node?.version === version && isUpNode(machine.role, node, k3sRules);

const isThere = (change: NodeChange, node: NodeFacts | undefined): boolean => isUpAt(change, change.to, node);

const nodeNow = async ({ api, machine }: NodeChange, run: StepContext): Promise<NodeFacts | undefined> =>
  (await api.kube.nodes(run)).find(({ name }) => name === machine.name);

/** Its own data stay where they are: who keeps some on its disk waits for it, and is told of before. */
async function empty({ api, machine, maySetAside }: NodeChange, run: StepContext): Promise<'empty' | 'set aside'> {
  run.progress('draining');
  const options = { ...run, deadlineMs: deadlines.drain, allowLocalData: true, uncordonAtDeadline: true };
  try {
    await refusedHalfWay(() => api.kube.drain(machine.name, options));
    return 'empty';
  } catch (error) {
    if (isUndrainable(error) && maySetAside?.()) {
      run.progress(`setting it aside: ${messageOf(error)}`);
      await quarantine(api, machine.name, run);
      return 'set aside';
    }
    if (!run.signal.aborted) await releaseNode(api, machine.name, run);
    throw error;
  }
}

/** A node that cannot be emptied, not an API that does not answer. */
const isUndrainable = (error: unknown): boolean =>
  error instanceof SlipwayError && ['DRAIN_TIMEOUT', 'UNMANAGED_PODS', 'BUDGET_NEVER_ALLOWS'].includes(error.code);

async function exchange(change: NodeChange, session: Session, run: StepContext): Promise<void> {
  const { context, to } = change;
  const { bundle } = context.spec.kubernetes;
  run.progress(`bringing k3s ${to}`);
  const pushed = bundle === undefined ? {} : await push(bundle, change, session, run);
  await session.run(installK3s({ version: to, ...pushed, deadlineMs: deadlines.download }), run);
  await start(change, to, session, run);
}

/** Starts what is installed, and waits until the node says so. */
async function start(change: NodeChange, version: string, session: Session, run: StepContext): Promise<void> {
  const { api, context, machine } = change;
  const role = roleOf(machine);
  run.progress(`starting k3s ${version}`);
  const deadlineMs = role === 'server' ? deadlines.serverStart : deadlines.agentStart;
  await session.run(restartK3s({ role, deadlineMs }), run);
  if (role === 'server') await session.run(checkServer(), run);
  const what = role === 'server' ? 'to be Ready and vote' : 'to be Ready';
  await api.watch.until(machine.name, `${what} with ${version}`, (node) => isUpAt(change, version, node), {
    ...run,
    deadlineMs: deadlines.nodeReady,
    hint: `Look at it with \`slipway cluster ssh ${context.cluster.name} ${machine.name}\` and \`journalctl -u ${role === 'server' ? 'k3s' : 'k3s-agent'}\`.`,
  });
}

/** A node that does not come up with a patch release gets back the one it had. A minor changes what is stored: it stays. */
async function orPutBack(
  change: NodeChange,
  session: Session,
  run: StepContext,
  work: () => Promise<void>,
): Promise<void> {
  const { context, machine, from, to } = change;
  try {
    await work();
  } catch (error) {
    run.signal.throwIfAborted();
    const options = {
      details: error instanceof SlipwayError ? error.details : [],
      cause: error,
    };
    const look = `slipway cluster ssh ${context.cluster.name} ${machine.name}`;
    if (!isSameMinor(from, to)) {
      throw new IncompleteError(`${machine.name} could not be brought to ${to}: ${messageOf(error)}`, {
        ...options,
        code: 'UPGRADE_FAILED',
        hint: `Look at it: ${look}. What comes after it was not begun.`,
      });
    }
    await putBack(change, session, run);
    throw new IncompleteError(
      `${machine.name} could not be brought to ${to}, and has ${from} again: ${messageOf(error)}`,
      {
        ...options,
        code: 'UPGRADE_PUT_BACK',
        hint: `Look at it: ${look}. What comes after it was not begun.`,
      },
    );
  }
}

async function putBack(change: NodeChange, session: Session, run: StepContext): Promise<void> {
  const { api, machine, from } = change;
  run.progress(`putting k3s ${from} back`);
  await session.run(putBackK3s({ version: from }), run);
  await start(change, from, session, run);
  await releaseNode(api, machine.name, run);
}

/** What it takes is loaded only where there is a bundle. */
async function push(
  folder: string,
  { context, machine }: NodeChange,
  session: Session,
  run: StepContext,
): Promise<PushedProgram> {
  const [{ readBundle }, { pushBundle }] = await Promise.all([
    import('../bundle/index.js'),
    import('../push-bundle.js'),
  ]);
  const arch = context.facts.nodes?.get(machine.name)?.labels['kubernetes.io/arch'] === 'arm64' ? 'arm64' : 'amd64';
  return pushBundle(await readBundle(folder), session, { arch }, run);
}
