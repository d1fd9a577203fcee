import { bySlot, type ClusterRef, type Machine, type Secret } from '../../../domain/index.js';
import { messageOf, RefusedError, SlipwayError } from '../../../errors/index.js';
import type { Distribution, KubeconfigSource } from '../../../distributions/port.js';
import type { NodeFacts } from '../../../kube/types.js';
import type { ReadKubeconfig } from '../../../phases/adoption.js';
import type { ClusterApi } from '../../../phases/context.js';
import { endpointOf, rootTarget } from '../../../phases/session.js';
import type { MachineProvider } from '../../../provider/port.js';
import { loginTarget, type ScannedKey, scanHostKeys } from '../../../remote/index.js';
import type { HostTarget } from '../../../remote/types.js';
import { progress, type WorkflowContext } from '../../context.js';
import { reach } from '../../../phases/reach.js';
import type { OfferedKubeconfig } from './input.js';

/** The cluster's API, and how it was found. */
export interface WayIn {
  readonly api: ClusterApi;
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly kubeconfig: Secret;
}

export interface WayInInput {
  readonly cluster: ClusterRef;
  readonly provider: MachineProvider;
  readonly distribution: Pick<Distribution, 'kubeconfig'>;
  readonly machines: readonly Machine[];
  readonly kubeconfigs: readonly OfferedKubeconfig[];
  /** A key that machines may accept; undefined where there is none. */
  readonly identity: Secret | undefined;
  /** Host keys that are known of a machine. */
  readonly pins: (machine: string) => Promise<readonly string[]>;
  readonly acceptedHostKeys: readonly string[];
  readonly heldAddress: string | undefined;
}

export interface Search {
  readonly wayIn: WayIn | undefined;
  /** What was tried in vain, a line each. */
  readonly tried: readonly string[];
}

/**
 * Looks for the cluster's API: by the kubeconfigs there are, then by one that a server is asked for over SSH. A provider that
 * runs it is believed, and nobody else.
 */
export async function findWayIn(context: WorkflowContext, input: WayInInput): Promise<Search> {
  const source = input.distribution.kubeconfig;
  if (source.from === 'provider') return askProvider(context, input, source.fetch);
  const tried: string[] = [];
  for (const { from, text } of input.kubeconfigs) {
    progress(context, `trying the kubeconfig of ${from}`);
    const found = await tryKubeconfig(context, input, text);
    if (typeof found !== 'string') return { wayIn: found, tried };
    tried.push(`the kubeconfig of ${from}: ${found}`);
  }
  for (const server of serversOf(input.machines)) {
    progress(context, `asking ${server.name} for the kubeconfig`);
    try {
      const target = await serverTarget(context, input, server);
      if (typeof target === 'string') {
        tried.push(`${server.name}: ${target}`);
        continue;
      }
      const text = await kubeconfigOver(context, input, source.read, target);
      const found = await tryKubeconfig(context, input, text);
      if (typeof found !== 'string') return { wayIn: found, tried };
      tried.push(`${server.name}: ${found}`);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof SlipwayError) || ['DECLINED', 'CONFIRMATION_NEEDED'].includes(error.code)) throw error;
      tried.push(`${server.name}: ${messageOf(error)}`);
    }
  }
  return { wayIn: undefined, tried };
}

async function askProvider(
  context: WorkflowContext,
  { cluster, provider }: WayInInput,
  fetch: (KubeconfigSource & { from: 'provider' })['fetch'],
): Promise<Search> {
  progress(context, `asking ${provider.title} for the kubeconfig`);
  try {
    const kubeconfig = await fetch(provider, cluster, context);
    const reached = await reach(context, kubeconfig);
    return reached
      ? { wayIn: { ...reached, kubeconfig }, tried: [] }
      : { wayIn: undefined, tried: [`the kubeconfig of ${provider.title}: the API does not answer`] };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SlipwayError)) throw error;
    return { wayIn: undefined, tried: [`${provider.title}: ${messageOf(error)}`] };
  }
}

const serversOf = (machines: readonly Machine[]): readonly Machine[] =>
  machines.filter(({ role, status }) => role === 'control-plane' && status !== 'deleting').sort(bySlot);

/** @returns what is wrong with it, as a text, where it does not lead to this very cluster */
async function tryKubeconfig(
  context: WorkflowContext,
  { machines }: WayInInput,
  kubeconfig: Secret,
): Promise<WayIn | string> {
  try {
    const reached = await reach(context, kubeconfig);
    if (!reached) return 'the API does not answer';
    // A machine's name is computed from the cluster's id, so that another cluster has none of them.
    if (!serversOf(machines).some(({ name }) => reached.nodes.get(name)?.controlPlane))
      return 'it leads to another cluster';
    return { ...reached, kubeconfig };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SlipwayError)) throw error;
    return messageOf(error);
  }
}

/** @returns why it cannot be logged in to, as a text */
async function serverTarget(
  context: WorkflowContext,
  { provider, identity, pins, acceptedHostKeys }: WayInInput,
  server: Machine,
): Promise<HostTarget | string> {
  if (server.login) return loginTarget(server.name, server.login);
  if (identity === undefined) return 'there is no SSH key to log in with';
  if (server.publicAddress === undefined) return 'it has no public address';
  const place = { name: server.name, publicAddress: server.publicAddress };
  const known = await pins(server.name);
  if (known.length > 0) return rootTarget(provider, place, identity, async () => known, context);
  const key = await acceptHostKey(context, provider, place, acceptedHostKeys);
  if (typeof key === 'string') return key;
  return rootTarget(provider, place, identity, async () => [key.publicKey], context);
}

/** The key that a machine shows, once a person has compared it. @throws DeclinedError, UsageError code CONFIRMATION_NEEDED */
async function acceptHostKey(
  { reporter, signal }: WorkflowContext,
  provider: MachineProvider,
  { name, publicAddress }: { readonly name: string; readonly publicAddress: string },
  accepted: readonly string[],
): Promise<ScannedKey | string> {
  const { host, port } = await endpointOf(provider, publicAddress, 22, { signal });
  const keys = await scanHostKeys({ address: host, port }, signal);
  const fitting = keys.find(({ fingerprint }) => accepted.includes(fingerprint));
  if (fitting) return fitting;
  const key = keys[0]!;
  if (accepted.length > 0) return `it shows ${key.fingerprint}, which --accept-host-key does not name`;
  await reporter.confirm({
    question: `Is this the host key of ${name} (${publicAddress})?`,
    details: [
      `${key.fingerprint} (${key.type})`,
      `Nothing here knows it: compare it on the console of ${name} at ${provider.title}:`,
      `ssh-keygen -lf /etc/ssh/ssh_host_${key.type.replace(/^ssh-/, '').replace(/-.*$/, '')}_key.pub`,
    ],
    typed: key.fingerprint,
    flags: `--accept-host-key ${key.fingerprint}`,
  });
  return key;
}

async function kubeconfigOver(
  { remote, signal }: WorkflowContext,
  { cluster: { name }, provider, machines, heldAddress }: WayInInput,
  readKubeconfig: ReadKubeconfig,
  target: HostTarget,
): Promise<Secret> {
  const options = { signal };
  const session = await remote.connect(target, provider.traits.answersWithinMs, options);
  try {
    return await readKubeconfig(session, { name, provider, servers: serversOf(machines), heldAddress }, options);
  } finally {
    // What is pinned from here on may be another key.
    await remote.disconnect(target.id ?? target.name);
  }
}

export function noWayIn(
  name: string,
  provider: MachineProvider,
  machines: readonly Machine[],
  tried: readonly string[],
): RefusedError {
  if (machines.length === 0) {
    return new RefusedError(`The Kubernetes API of ${name} does not let this workspace in.`, {
      code: 'NO_WAY_IN',
      details: tried,
      hint: `Fix what keeps this computer from it, then run the same command again.`,
    });
  }
  const given = machines.every(({ login }) => login !== undefined);
  return new RefusedError(`Neither the Kubernetes API of ${name} nor any of its servers lets this workspace in.`, {
    code: 'NO_WAY_IN',
    details: tried,
    hint: given ? 'Fix what keeps this computer from its servers, then run the same command again.' : waysIn(provider),
  });
}

const waysIn = ({ title }: MachineProvider): string =>
  'Give a kubeconfig of the cluster (--kubeconfig FILE) or a private key that its servers accept (--ssh-key FILE). ' +
  `With neither, start one server from a rescue system at ${title}. On its disk, append a public key to /root/.ssh/authorized_keys ` +
  'and read the fingerprint of its host key (ssh-keygen -lf etc/ssh/ssh_host_ed25519_key.pub). ' +
  'Start it from its disk again, and give both: --ssh-key FILE --accept-host-key SHA256:…';
