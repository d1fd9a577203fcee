import { isConfiguredByApply, nodesAtOnce, type OutdatedMachine, plural, type Role } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { reachable } from '../component/status.js';
import { type Change, confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { knownCluster } from './known-cluster.js';
import { observe } from './observe.js';
import { addressHolder } from './recycle/draft.js';
import { keyProblem } from './ssh-key.js';
import { toolsFor } from './tools.js';

/** How many workers get their configuration at once, as an upgrade does it. */
const atOnce = '10%';

interface SettingsDraft {
  readonly steps: readonly Step[];
  /** Machines that get another configuration. */
  readonly outdated: readonly OutdatedMachine[];
}

/** What would be done to the nodes that run with other settings than the file asks for. Changes nothing. */
export const planSettings = async (context: WorkflowContext, spec: ClusterSpec): Promise<readonly StepInfo[]> =>
  (await draftSettings(context, spec)).steps.map(stepInfo);

/** What `changeSettings` would ask, for whoever asks about it with more. Undefined where it would change nothing. */
export const settingsConfirmation = async (
  context: WorkflowContext,
  spec: ClusterSpec,
): Promise<Confirmation | undefined> => confirmationOf(spec.name, await draftSettings(context, spec));

/**
 * Brings nodes to the settings that the file asks for, where they run: one server at a time, then workers in waves.
 * @param isAsked whether somebody said yes to it already
 * @throws RefusedError codes QUORUM, NODES_DOWN, and of the SSH key; what `confirmed` and steps throw
 */
export async function changeSettings(
  context: WorkflowContext,
  { spec, isAsked }: { readonly spec: ClusterSpec; readonly isAsked: boolean },
  retryCommand: string,
  operation: string,
): Promise<readonly StepInfo[]> {
  const { folder } = await knownCluster(context.workspace, spec.name);
  const change: Change<SettingsDraft> = {
    folder,
    operation,
    retryCommand,
    draft: (looking) => draftSettings(looking, spec),
    confirmation: async (draft) => (isAsked ? undefined : confirmationOf(spec.name, draft)),
  };
  return confirmed(context, change, async ({ steps }, _once, { admit }) => {
    if (steps.length > 0) await execute(context, folder, operation, steps, retryCommand, admit);
    return steps.map(stepInfo);
  });
}

async function draftSettings(context: WorkflowContext, spec: ClusterSpec): Promise<SettingsDraft> {
  const { folder, record } = await knownCluster(context.workspace, spec.name);
  const provider = await context.provider(spec.provider);
  const tools = toolsFor(context, provider, folder);
  const key = (await folder.storedIdentity())?.publicKey;
  const seen = await observe(context, tools, record, spec, key ?? context.newKeyPair().publicKey);
  const { facts, request, distribution } = seen;
  const outdated = facts.outdated.filter(
    (machine) => isConfiguredByApply(machine) && facts.nodes?.has(machine.machine) !== false,
  );
  const settings = await distribution.settings?.();
  if (outdated.length === 0 || !settings) return { steps: [], outdated: [] };
  const lost = keyProblem(folder, record, key, facts);
  if (lost) throw lost;
  const api = facts.api ?? (await reachable(context, record.name, await folder.kubeconfig()));
  const workers = facts.machines.filter(({ role }) => role === 'worker').length;
  const steps = settings.plan({ cluster: record, spec, request, facts, tools }, api, {
    machines: new Set(outdated.map(({ machine }) => machine)),
    maxUnavailable: nodesAtOnce(atOnce, workers)!,
    addressHolder: await addressHolder(context, { spec }, { provider, folder, record, key }, seen),
  });
  return { steps, outdated };
}

function confirmationOf(cluster: string, { steps, outdated }: SettingsDraft): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  return {
    question: `Change the settings of ${plural(outdated.length, 'node')} of ${cluster}, in ${plural(steps.length, 'step')}?`,
    details: [
      ...groupLines(outdated, 'control-plane', 'server', ', one at a time'),
      ...groupLines(outdated, 'worker', 'worker', ''),
    ],
    flags: '--yes',
  };
}

/** `3 servers, one at a time: without a → without a, b` */
function groupLines(all: readonly OutdatedMachine[], role: Role, word: string, how: string): readonly string[] {
  const changes = all
    .filter((machine) => machine.role === role)
    .flatMap(({ reasons }) => reasons.filter(({ reason }) => reason === 'config'))
    .map(({ desired, observed }) => `${observed} → ${desired}`);
  return [...new Set(changes)].map((change) => {
    const count = changes.filter((one) => one === change).length;
    return `${plural(count, word)}${count > 1 ? how : ''}: ${change}`;
  });
}
