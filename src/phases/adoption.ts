import type { ClusterRef, Machine, Secret } from '../domain/index.js';
import { from, known, type Later, needsOf, type Step, valueOf } from '../engine/index.js';
import { RefusedError } from '../errors/index.js';
import type { ClusterRequest, InfrastructureResource, MachineProvider } from '../provider/port.js';
import { fingerprint } from '../remote/index.js';
import { loginTarget } from '../remote/login-target.js';
import type { HostTarget, RunOptions, Session } from '../remote/types.js';
import type { ClusterRecord, KeyPair } from '../workspace/types.js';
import { authorizeThroughCluster, removeLeftPods } from './authorize.js';
import type { ClusterApi, Tools } from './context.js';
import { isSameKey } from './lost-key.js';
import { rootTarget } from './session.js';

/** Reads the kubeconfig of a cluster on one of its servers: the servers' addresses are those to write into it. */
export type ReadKubeconfig = (
  session: Session,
  cluster: {
    readonly name: string;
    readonly provider: MachineProvider;
    readonly servers: readonly Pick<Machine, 'publicAddress'>[];
    /** The address that servers hold in turn, if any. */
    readonly heldAddress: string | undefined;
  },
  options: RunOptions,
) => Promise<Secret>;

/** Which SSH key the workspace goes on with. */
export type KeyChoice =
  | { readonly kind: 'not needed' }
  | { readonly kind: 'kept'; readonly pair: KeyPair }
  | { readonly kind: 'given'; readonly privateKey: Secret; readonly file: string }
  | { readonly kind: 'new' };

/** Servers to read a kubeconfig from, or the one that the provider gave. */
export type KubeconfigFrom =
  { readonly servers: readonly Machine[]; readonly read: ReadKubeconfig } | { readonly given: Secret };

export interface AdoptionInput {
  readonly cluster: ClusterRef;
  readonly tools: Tools;
  /** Undefined while no API answers: then nothing is to be done through it. */
  readonly api: ClusterApi | undefined;
  readonly key: KeyChoice;
  /** Machines to let the key into through the cluster, which vouches for their host keys. */
  readonly authorize: readonly Machine[];
  /** Machines that have a host key pinned already. */
  readonly pinned: ReadonlySet<string>;
  /** The SSH key at the provider, where that is not the workspace's. */
  readonly providerKey: InfrastructureResource | undefined;
  readonly requestWith: (sshPublicKey: string) => ClusterRequest;
  /** Where the workspace's kubeconfig comes from that is to be written anew; undefined: it stays. */
  readonly kubeconfigFrom: KubeconfigFrom | undefined;
  /** The address that servers hold in turn, if any. */
  readonly heldAddress: string | undefined;
  /** As it is to be, but for the SSH key; undefined where it stays as it is. */
  readonly record: ClusterRecord | undefined;
}

const phase = 'Restore the workspace';

/** What makes a workspace out of a cluster that it has lost, in whole or in part. */
export function planAdoption(input: AdoptionInput): readonly Step[] {
  const identity = identityOf(input);
  const authorized = input.authorize.map((machine) => authorizeStep(input, machine, identity));
  const after = [...needsOf(identity), ...authorized];
  const steps = [
    ...('from' in identity ? [identity.from] : []),
    ...authorized,
    ...(input.providerKey ? [providerKeyStep(input, input.providerKey, identity, after)] : []),
    ...(input.kubeconfigFrom ? [kubeconfigStep(input, input.kubeconfigFrom, identity, after)] : []),
  ];
  const record = recordStep(input, identity, [...after, ...steps]);
  return record ? [...steps, record] : steps;
}

function identityOf({ cluster, tools: { folder }, key }: AdoptionInput): Later<KeyPair | undefined> {
  if (key.kind === 'not needed') return known(undefined);
  if (key.kind === 'kept') return known(key.pair);
  return from<KeyPair>({
    id: 'identity',
    phase,
    target: cluster.name,
    text: key.kind === 'new' ? 'make a new SSH key' : `take the SSH key of ${key.file} into the workspace`,
    needs: [],
    apply: () => (key.kind === 'given' ? folder.replaceIdentity(key.privateKey) : folder.newIdentity()),
  });
}

function authorizeStep(input: AdoptionInput, machine: Machine, identity: Later<KeyPair | undefined>): Step {
  const { tools, pinned } = input;
  const { folder } = tools;
  return {
    id: `authorize:${machine.name}`,
    phase: 'Let the workspace into the machines',
    target: machine.name,
    text: pinned.has(machine.name)
      ? 'add the SSH key, through the cluster'
      : 'verify its host key and add the SSH key, through the cluster',
    changes: true,
    needs: needsOf(identity),
    limits: ['authorize'],
    apply: async (run) => {
      const key = valueOf(identity, run)!;
      const hostKey = await authorizeThroughCluster(input.api!.kube, machine, key.publicKey, run);
      if (pinned.has(machine.name))
        refuseOtherKey(machine, await folder.pins(machine.name), hostKey, folder.hostKeysPlace(machine.name));
      else await folder.onlyPin(machine.name, hostKey);
      await openKnown(tools, machine, key, run);
    },
  };
}

/** @throws RefusedError code HOST_KEY_MISMATCH */
function refuseOtherKey(machine: Machine, pins: readonly string[], told: string, place: string): void {
  if (pins.some((pin) => isSameKey(pin, told))) return;
  throw new RefusedError(
    `The cluster says that ${machine.name} has the host key ${fingerprint(told)}, but the workspace has ${pins.map((pin) => fingerprint(pin)).join(' or ')}.`,
    {
      code: 'HOST_KEY_MISMATCH',
      hint: `Find out why it changed. If the cluster is right, remove ${place} and run the same command again.`,
    },
  );
}

/** A session to a machine by the key that was just let in, to prove that it was. */
async function openKnown(
  { provider, folder, remote }: Tools,
  machine: Machine,
  key: KeyPair | undefined,
  options: RunOptions,
): Promise<Session> {
  const target = await targetOf();
  return remote.connect(target, provider.traits.answersWithinMs, options);

  async function targetOf(): Promise<HostTarget> {
    if (machine.login) return loginTarget(machine.name, machine.login);
    const place = { name: machine.name, publicAddress: machine.publicAddress! };
    return rootTarget(provider, place, key!.privateKey, () => folder.pins(machine.name), options);
  }
}

function providerKeyStep(
  { tools: { provider }, requestWith }: AdoptionInput,
  planned: InfrastructureResource,
  identity: Later<KeyPair | undefined>,
  needs: readonly Step[],
): Step {
  return {
    id: 'provider-key',
    phase,
    target: planned.name,
    text: planned.text,
    changes: planned.state === 'differs',
    needs,
    apply: async (run) => {
      // What was planned may have been with a key that was not made yet.
      const resources = await provider.infrastructure.plan(requestWith(valueOf(identity, run)!.publicKey), run);
      const resource = resources.find(({ id }) => id === planned.id);
      if (resource && resource.state !== 'present') await provider.infrastructure.ensure(resource, new Map(), run);
    },
  };
}

function kubeconfigStep(
  { cluster, tools, heldAddress }: AdoptionInput,
  source: KubeconfigFrom,
  identity: Later<KeyPair | undefined>,
  needs: readonly Step[],
): Step {
  return {
    id: 'kubeconfig',
    phase,
    target: cluster.name,
    text: 'given' in source ? 'save the kubeconfig' : 'read the kubeconfig from a server and save it',
    needs,
    apply: async (run) => {
      if ('given' in source) return tools.folder.saveKubeconfig(source.given);
      const { servers, read } = source;
      const key = valueOf(identity, run);
      const session = await firstThatOpens(servers, (machine) => openKnown(tools, machine, key, run), run);
      const { name } = cluster;
      const { provider } = tools;
      const kubeconfig = await read(session, { name, provider, servers, heldAddress }, run);
      await tools.folder.saveKubeconfig(kubeconfig);
    },
  };
}

/** @throws what the first one was refused with, when none opens */
async function firstThatOpens(
  machines: readonly Machine[],
  open: (machine: Machine) => Promise<Session>,
  { signal }: RunOptions,
): Promise<Session> {
  let first: unknown;
  for (const machine of machines) {
    try {
      return await open(machine);
    } catch (error) {
      signal.throwIfAborted();
      first ??= error;
    }
  }
  throw first;
}

function recordStep(
  { cluster, tools: { folder }, api, authorize, record }: AdoptionInput,
  identity: Later<KeyPair | undefined>,
  needs: readonly Step[],
): Step | undefined {
  if (!record) return undefined;
  return {
    id: 'record',
    phase,
    target: cluster.name,
    text: 'write the record',
    needs,
    apply: async (run) => {
      if (api && authorize.length > 0) await removeLeftPods(api.kube, run);
      const key = valueOf(identity, run)?.publicKey;
      await folder.replaceRecord(key === undefined ? record : { ...record, sshPublicKey: key });
    },
  };
}
