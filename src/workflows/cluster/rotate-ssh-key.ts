import { bySlot, diffMachines, plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import { planKeyRotation } from '../../phases/key-rotation.js';
import { keyedMachines, keyLost } from '../../phases/lost-key.js';
import type { ClusterRequest } from '../../provider/port.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { tryLogins } from './adopt/logins.js';
import { knownCluster } from './known-cluster.js';
import { rotatedKeyNote } from './rotate/notes.js';
import { keyProblem } from './ssh-key.js';
import { toolsFor } from './tools.js';

export interface KeyRotationResult {
  readonly cluster: string;
  readonly dryRun: boolean;
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
  /** How many machines take the new key, and no other of the cluster's. */
  readonly machines: number;
}

interface RotationDraft {
  readonly steps: readonly Step[];
  readonly machines: number;
  readonly isBegun: boolean;
}

/** Gives the workspace and all machines of a cluster a new SSH key, and shuts the old one out. */
export async function rotateSshKey(
  context: WorkflowContext,
  { name, dryRun }: { readonly name: string; readonly dryRun: boolean },
  retryCommand: string,
): Promise<KeyRotationResult> {
  const { folder } = await knownCluster(context.workspace, name);
  const operation = 'cluster rotate-ssh-key';
  const draft = (looking: WorkflowContext): Promise<RotationDraft> => draftRotation(looking, name);
  const result = ({ steps, machines }: RotationDraft): KeyRotationResult => ({
    cluster: name,
    dryRun,
    steps: steps.map(stepInfo),
    machines,
  });
  if (dryRun) return result(await draft(context));
  const confirmation = (drafted: RotationDraft): Promise<Confirmation> =>
    Promise.resolve(confirmationOf(name, drafted));
  return confirmed(context, { folder, operation, retryCommand, draft, confirmation }, async (drafted, _, { admit }) => {
    await execute(context, folder, operation, drafted.steps, retryCommand, admit);
    await folder.note(rotatedKeyNote, { at: new Date(context.clock.now()).toISOString() });
    return result(drafted);
  });
}

/** @throws RefusedError codes SSH_KEY_LOST, SSH_KEY_CHANGED, KEY_ROTATION_REFUSED; UsageError code NO_CLUSTER_KEY */
async function draftRotation(context: WorkflowContext, name: string): Promise<RotationDraft> {
  const { folder, record } = await knownCluster(context.workspace, name);
  const { spec } = record;
  const provider = await context.provider(spec.provider);
  const all = await provider.machines.list(record, context);
  const machines = [...keyedMachines(all)].sort(bySlot);
  if (machines.length === 0) throw noClusterKey(name, all.length);
  const [identity, next] = [await folder.storedIdentity(), await folder.storedNextIdentity()];
  if (!identity) throw keyLost({ cluster: name, path: folder.identityPath }, machines);
  const self = await ownAddress(provider, spec, context.signal);
  const comparison = diffMachines(record, spec, provider.defaults, all);
  const requestWith = (sshPublicKey: string): ClusterRequest =>
    requestFor(provider, { cluster: record, spec, sshPublicKey, self }, comparison);
  const resources = await provider.infrastructure.plan(requestWith(identity.publicKey), context);
  // A killed run may have swapped the key and not said so in the record.
  const lost = next ? undefined : keyProblem(folder, record, identity.publicKey, { machines, resources });
  if (lost) throw lost;
  // Those that say themselves that they do not run are not waited for.
  const off = machines.filter(({ status }) => status !== 'running');
  if (off.length > 0)
    throw notAll(
      name,
      off.map((machine) => `${machine.name}: it is ${machine.status}`),
    );
  const pins = new Map<string, readonly string[]>();
  for (const machine of machines) pins.set(machine.name, await folder.pins(machine.name));
  const logins = await tryLogins(context, provider, machines, identity.privateKey, pins);
  const again = next && (await tryLogins(context, provider, logins.refused, next.privateKey, pins));
  const shut = [
    ...(again?.refused ?? logins.refused).map((machine) => `${machine.name}: it does not take the workspace’s key`),
    ...[...logins.silent, ...(again?.silent ?? [])].map(({ machine, because }) => `${machine}: ${because}`),
  ];
  if (shut.length > 0) throw notAll(name, shut);
  const steps = planKeyRotation({
    cluster: { name, id: record.id },
    tools: toolsFor(context, provider, folder),
    record,
    identity,
    next,
    machines,
    atProvider: resources.find(({ role }) => role?.kind === 'cluster-key'),
    requestWith,
  });
  return { steps, machines: machines.length, isBegun: next !== undefined };
}

function confirmationOf(name: string, { steps, machines, isBegun }: RotationDraft): Confirmation {
  return {
    question: `${isBegun ? 'Finish replacing' : 'Replace'} the SSH key of ${name} on ${plural(machines, 'machine')}?`,
    details: [
      ...steps.map(({ target, text }) => `${target}: ${text}`),
      `Every other workspace that holds the old key is shut out; there, ${name} is adopted again.`,
    ],
    flags: '--yes',
  };
}

const noClusterKey = (name: string, machines: number): UsageError =>
  new UsageError(
    machines === 0
      ? `${name} has no machines, so no key of its own is in use.`
      : `The machines of ${name} were there before, and are logged in to with the key that its file names.`,
    {
      code: 'NO_CLUSTER_KEY',
      hint:
        machines === 0
          ? `Make them first: slipway cluster apply ${name}`
          : 'Change that key on the hosts, and name the new one as provider.identity.',
    },
  );

const notAll = (name: string, details: readonly string[]): RefusedError =>
  new RefusedError(`Not every machine of ${name} can be logged in to, so its SSH key stays as it is.`, {
    code: 'KEY_ROTATION_REFUSED',
    details,
    hint: `Bring back what is down, or remove what is lost; a key that is not taken is put there by slipway cluster adopt ${name}`,
  });
