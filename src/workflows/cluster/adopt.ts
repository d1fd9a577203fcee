import { bySlot, type ClusterRef, diffMachines, plural, type Machine } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { RefusedError } from '../../errors/index.js';
import type { Distribution } from '../../distributions/port.js';
import { type KeyChoice, type KubeconfigFrom, planAdoption } from '../../phases/adoption.js';
import { ownAddress, requestFor } from '../../phases/cluster-request.js';
import type { ClusterApi } from '../../phases/context.js';
import { isSameKey, keyedMachines } from '../../phases/lost-key.js';
import type { ProviderSection } from '../../provider/package.js';
import type { ClusterRequest, InfrastructureResource, MachineProvider } from '../../provider/port.js';
import type { Confirmation, StepInfo } from '../../reporting/index.js';
import { apiAddresses } from '../../workspace/own-kubeconfig.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { confirmed } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import { findCluster } from './adopt/find.js';
import type { AdoptInput, OfferedKubeconfig } from './adopt/input.js';
import { tryLogins } from './adopt/logins.js';
import { pinsLeft, type Remains, remainsOf } from './adopt/remains.js';
import { specFromCluster } from './adopt/spec.js';
import { findWayIn, noWayIn, type WayIn } from './adopt/way-in.js';
import { distributionOf } from './distribution-of.js';
import { execute, stepInfo } from '../run.js';
import { refuseOtherCluster } from './same-cluster.js';
import { toolsFor } from './tools.js';

export interface AdoptResult {
  readonly cluster: string;
  readonly id: string;
  readonly provider: string;
  readonly dryRun: boolean;
  /** What was done or, in a dry run, would be. */
  readonly steps: readonly StepInfo[];
  /** What of the workspace could not be read, a line each. */
  readonly damages: readonly string[];
  /** Machines that the workspace has no way into, and why. */
  readonly leftOut: readonly { readonly machine: string; readonly because: string }[];
  /** Its file; undefined where the workspace is no folder. */
  readonly kubeconfig: string | undefined;
}

/**
 * Makes this workspace, which has lost a cluster in whole or in part, the one to work on it from. Believes only what a pinned
 * key, the cluster's own API or a person vouches for.
 */
export async function adoptCluster(
  context: WorkflowContext,
  input: AdoptInput,
  retryCommand: string,
): Promise<AdoptResult> {
  const folder = context.workspace.cluster(input.name);
  const operation = 'cluster adopt';
  const draft = (looking: WorkflowContext): Promise<Adoption> => prepare(looking, folder, input);
  if (input.dryRun) return resultOf(input, folder, await draft(context));
  const confirmation = (adoption: Adoption): Promise<Confirmation | undefined> =>
    Promise.resolve(confirmationOf(adoption));
  const api = (adoption: Adoption): ClusterApi | undefined => adoption.api;
  const change = { folder, operation, retryCommand, draft, confirmation, api };
  return confirmed(context, change, async (adoption, _once, { admit }) => {
    if (adoption.steps.length > 0) await execute(context, folder, operation, adoption.steps, retryCommand, admit);
    return resultOf(input, folder, adoption);
  });
}

const resultOf = (
  { dryRun }: AdoptInput,
  { kubeconfigPath }: ClusterFolder,
  { cluster, provider, steps, damages, leftOut }: Adoption,
): AdoptResult => ({
  cluster: cluster.name,
  id: cluster.id,
  provider: provider.name,
  dryRun,
  steps: steps.map(stepInfo),
  damages,
  leftOut,
  kubeconfig: kubeconfigPath,
});

interface Adoption {
  readonly cluster: ClusterRef;
  readonly provider: MachineProvider;
  readonly steps: readonly Step[];
  readonly damages: AdoptResult['damages'];
  readonly leftOut: AdoptResult['leftOut'];
  readonly authorized: readonly Machine[];
  readonly key: KeyChoice;
  /** The cluster's, where it was reached. */
  readonly api: ClusterApi | undefined;
}

async function prepare(context: WorkflowContext, folder: ClusterFolder, input: AdoptInput): Promise<Adoption> {
  const remains = await remainsOf(folder);
  const { record } = remains;
  if (record && input.spec) await refuseOtherCluster(context, record, input.spec, input.file, false);
  const provider = await context.provider(sectionOf(input, record));
  const found = await findCluster(context, provider, input.name, record, input.id);
  const cluster: ClusterRef = { name: found.name, id: found.id };
  const machines = (await provider.machines.list(cluster, { signal: context.signal }))
    .filter(({ status }) => status !== 'deleting')
    .sort(bySlot);
  const pinned = new Map<string, readonly string[]>();
  for (const { name } of machines) pinned.set(name, await pinsLeft(folder, name));
  const known = input.spec ?? record?.spec;
  const identity = input.sshKey?.privateKey ?? remains.identity?.privateKey;
  const heldAddress = known?.kubernetes.api.address;
  const distribution = await distributionOf(context, found, known);
  const { wayIn, tried } = await findWayIn(context, {
    cluster,
    provider,
    distribution,
    machines,
    kubeconfigs: offered(remains, input),
    identity,
    pins: async (machine) => pinned.get(machine) ?? [],
    acceptedHostKeys: input.acceptedHostKeys,
    heldAddress,
  });
  if (!known && !wayIn && (identity === undefined || [...pinned.values()].some((pins) => pins.length === 0)))
    throw noWayIn(cluster.name, provider, machines, tried);
  const spec =
    known ?? (await specFromCluster(input.name, { provider, distribution }, machines, wayIn, context.signal));
  const requestWith = await requests(context, provider, cluster, spec, machines);
  const key = await chooseKey(context, provider, remains, input, machines, requestWith);
  const logins = await tryLogins(context, provider, keyedMachines(machines), identity, pinned);
  if (logins.refused.length > 0 && !wayIn) throw noWayIn(cluster.name, provider, machines, tried);
  const { inside, outside } = reachable(logins.refused, wayIn);
  const leftOut = [...outside, ...logins.silent];
  const tools = toolsFor(context, provider, folder);
  const rewritten = recordOf(context, cluster, spec, { remains, input, distribution, machines, wayIn });
  const steps = planAdoption({
    cluster,
    tools,
    api: wayIn?.api,
    key: key.choice,
    authorize: inside,
    pinned: new Set([...pinned].flatMap(([name, pins]) => (pins.length > 0 ? [name] : []))),
    providerKey: key.atProvider,
    requestWith,
    kubeconfigFrom: kubeconfigFrom(distribution, machines, { remains, wayIn, heldAddress, leftOut }),
    heldAddress,
    record: rewritten ?? (key.unproven ? record : undefined),
  });
  for (const { machine, because } of leftOut)
    note(context, `${machine} is left out: ${because}. Fix that, then run the same command again.`, 'warning');
  const { damages } = remains;
  return { cluster, provider, steps, damages, leftOut, authorized: inside, key: key.choice, api: wayIn?.api };
}

/** Where the kubeconfig is to come from; undefined where that of the workspace is as it should be, or none can be had. */
function kubeconfigFrom(
  { kubeconfig }: Pick<Distribution, 'kubeconfig'>,
  machines: readonly Machine[],
  {
    remains,
    wayIn,
    heldAddress,
    leftOut,
  }: {
    readonly remains: Remains;
    readonly wayIn: WayIn | undefined;
    readonly heldAddress: string | undefined;
    readonly leftOut: AdoptResult['leftOut'];
  },
): KubeconfigFrom | undefined {
  if (!wayIn) return undefined;
  const isSame = remains.kubeconfig?.reveal() === wayIn.kubeconfig.reveal();
  if (kubeconfig.from === 'provider') return isSame ? undefined : { given: wayIn.kubeconfig };
  const servers = machines.filter(({ role, publicAddress }) => role === 'control-plane' && publicAddress !== undefined);
  const addresses = servers.length + (heldAddress === undefined ? 0 : 1);
  if (isSame && apiAddresses(wayIn.kubeconfig).length === addresses) return undefined;
  const open = servers.filter((machine) => !leftOut.some((one) => one.machine === machine.name));
  return open.length === 0 ? undefined : { servers: open, read: kubeconfig.read };
}

/** @throws RefusedError code OTHER_CLUSTER */
function sectionOf({ name, section }: AdoptInput, record: ClusterRecord | undefined): ProviderSection {
  const recorded = record?.spec.provider;
  if (recorded && section && section.name !== recorded.name) {
    throw new RefusedError(`This workspace knows ${name} at ${recorded.name}, not at ${section.name}.`, {
      code: 'OTHER_CLUSTER',
      hint: `Leave the provider out: slipway cluster adopt ${name}`,
    });
  }
  return section ?? recorded!;
}

const offered = ({ kubeconfig }: Remains, { kubeconfigs }: AdoptInput): readonly OfferedKubeconfig[] => [
  ...(kubeconfig ? [{ from: 'the workspace', text: kubeconfig }] : []),
  ...kubeconfigs,
];

/** What to ask the provider for the cluster as it is, by the SSH key that it shall have. */
async function requests(
  context: WorkflowContext,
  provider: MachineProvider,
  cluster: ClusterRef,
  spec: ClusterSpec,
  machines: readonly Machine[],
): Promise<(sshPublicKey: string) => ClusterRequest> {
  const self = await ownAddress(provider, spec, context.signal);
  const comparison = diffMachines(cluster, spec, provider.defaults, machines);
  return (sshPublicKey) => requestFor(provider, { cluster, spec, sshPublicKey, self }, comparison);
}

/** The SSH key to go on with, and whether all machines are known to accept it. */
async function chooseKey(
  context: WorkflowContext,
  provider: MachineProvider,
  { record, identity }: Remains,
  { sshKey }: AdoptInput,
  machines: readonly Machine[],
  requestWith: (sshPublicKey: string) => ClusterRequest,
): Promise<{
  readonly choice: KeyChoice;
  readonly unproven: boolean;
  readonly atProvider: InfrastructureResource | undefined;
}> {
  if (keyedMachines(machines).length === 0)
    return { choice: { kind: 'not needed' }, unproven: false, atProvider: undefined };
  const publicKey = sshKey?.publicKey ?? identity?.publicKey;
  const resources = await provider.infrastructure.plan(requestWith(publicKey ?? context.newKeyPair().publicKey), {
    signal: context.signal,
  });
  const resource = resources.find(({ role }) => role?.kind === 'cluster-key');
  const atProvider = resource?.state === 'present' ? undefined : resource;
  const proven =
    publicKey !== undefined &&
    (record?.sshPublicKey === undefined ? resource?.state === 'present' : isSameKey(record.sshPublicKey, publicKey));
  const isStored = identity !== undefined && (!sshKey || isSameKey(identity.publicKey, sshKey.publicKey));
  const choice: KeyChoice = isStored
    ? { kind: 'kept', pair: identity }
    : sshKey
      ? { kind: 'given', ...sshKey }
      : { kind: 'new' };
  return { choice, unproven: !proven, atProvider };
}

/** Which machines a pod can be run on. */
function reachable(
  machines: readonly Machine[],
  wayIn: WayIn | undefined,
): { readonly inside: readonly Machine[]; readonly outside: AdoptResult['leftOut'] } {
  const inside: Machine[] = [];
  const outside: { machine: string; because: string }[] = [];
  for (const machine of machines) {
    const node = wayIn?.nodes.get(machine.name);
    const because =
      machine.publicAddress === undefined
        ? 'it has no public address'
        : node === undefined
          ? 'it is no node of the cluster'
          : node.ready
            ? undefined
            : 'its node is not Ready';
    if (because === undefined) inside.push(machine);
    else outside.push({ machine: machine.name, because });
  }
  return { inside, outside };
}

/** The record as it is to be; undefined where the one that there is says the same. */
function recordOf(
  context: WorkflowContext,
  { name, id }: ClusterRef,
  spec: ClusterSpec,
  {
    remains: { record },
    input,
    distribution,
    machines,
    wayIn,
  }: {
    readonly remains: Remains;
    readonly input: AdoptInput;
    readonly distribution: Distribution;
    readonly machines: readonly Machine[];
    readonly wayIn: WayIn | undefined;
  },
): ClusterRecord | undefined {
  if (record) return undefined;
  const runningVersion = distribution.askedOf(wayIn?.nodes.values() ?? [])?.version;
  const created = machines.map(({ createdAt }) => createdAt).sort()[0];
  return {
    name,
    id,
    spec,
    file: input.file,
    ...(runningVersion === undefined ? {} : { runningVersion }),
    createdAt: created ?? new Date(context.clock.now()).toISOString(),
  };
}

function confirmationOf({ cluster, provider, steps, authorized, key }: Adoption): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  const keeps =
    authorized.length > 0 && key.kind === 'new'
      ? [
          'Keys that the machines accept already stay: take the old one out of /root/.ssh/authorized_keys if somebody else may have it.',
        ]
      : [];
  return {
    question: `Adopt ${cluster.name} at ${provider.title} in ${plural(steps.length, 'step')}?`,
    details: [...steps.map(({ target, text }) => `${target}: ${text}`), ...keeps],
    flags: '--yes',
    // Only the workspace is written to.
    harmless: steps.every(({ changes }) => !changes),
  };
}
