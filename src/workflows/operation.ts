import { identityOf, judgeLease, type OperationLease, runnerOf } from '../domain/lease.js';
import { BusyError, IncompleteError, SlipwayError } from '../errors/index.js';
import { leaseName, readLease } from '../kube/lease.js';
import type { Kube } from '../kube/types.js';
import type { ClusterApi } from '../phases/context.js';
import { busyMessage, processText } from '../workspace/cluster-lock.js';
import type { ClusterFolder, LockHolder } from '../workspace/types.js';
import { note, type Operation, progress, type WorkflowContext } from './context.js';
import { LeaseKeeper, leaseMs } from './lease-keeper.js';

/** What its owner has to end. */
export interface BegunOperation extends Operation {
  /**
   * Takes the cluster's Lease too, or does so as soon as its API answers. The workspace's lock is held already.
   * @param api the cluster's, where the workspace's kubeconfig does not lead to it yet
   * @throws BusyError code CLUSTER_BUSY
   */
  hold(api: ClusterApi | undefined): Promise<void>;
  end(): Promise<void>;
}

/** @throws BusyError code CLUSTER_BUSY: another run from this workspace works on the cluster */
export async function beginOperation(
  context: WorkflowContext,
  folder: ClusterFolder,
  operation: string,
): Promise<BegunOperation> {
  const { clock } = context;
  const lock = await folder.lock(operation);
  const { holder, run, predecessors } = lock;
  let keeper: LeaseKeeper | undefined;
  let isGone = false;
  return {
    async hold(api) {
      keeper = new LeaseKeeper({
        taker: { identity: identityOf({ ...holder, run }), predecessors },
        operation,
        clock,
        signal: context.signal,
        findApi: (signal) => answering(context, folder, api, signal),
        busy: (lease) => leaseBusy(folder, lease, clock.now()),
        lost: (lease) => leaseLost(folder.name, lease),
        watching: (lease) => {
          const { operation: work, user, host } = leaseHolder(lease);
          progress(context, `waiting to see whether \`${work}\` of ${user} on ${host} still runs`);
        },
        failed: ({ message }) =>
          note(context, `Runs from other workspaces are not kept out of ${folder.name}: ${message}`, 'warning'),
      });
      await keeper.begin();
    },
    admit: async () => keeper?.admit(),
    clusterIsGone() {
      isGone = true;
    },
    async end() {
      const lease = (await keeper?.end(isGone)) ?? 'never had';
      // A Lease of this very workspace is to hold up none of its next commands: neither this run's nor a dead one's.
      const mayBeThere = lease === 'left' || (lease === 'never had' && predecessors.length > 0);
      await lock.release(mayBeThere ? 'remember' : undefined);
    },
  };
}

/**
 * Only looks whether another run works on the cluster, from this workspace or, so far as the API answers, from another one.
 * @param api the cluster's, where the workspace's kubeconfig does not lead to it yet
 * @throws BusyError code CLUSTER_BUSY
 */
export async function refuseBusy(context: WorkflowContext, folder: ClusterFolder, api?: ClusterApi): Promise<void> {
  if (context.held?.cluster === folder.name) return;
  await folder.refuseBusy();
  const kube = await answering(context, folder, api, context.signal);
  const lease = kube && (await leaseElsewhere(context, folder, kube));
  if (lease) throw leaseBusy(folder, lease, context.clock.now());
}

/** The Lease of a run in another workspace that renewed it lately; undefined also where that cannot be told. */
export async function leaseElsewhere(
  { clock, signal }: Pick<WorkflowContext, 'clock' | 'signal'>,
  folder: Pick<ClusterFolder, 'deadRuns'>,
  kube: Pick<Kube, 'get'>,
): Promise<OperationLease | undefined> {
  try {
    const lease = await readLease(kube, { signal });
    const verdict = lease && judgeLease(lease, { identity: '', predecessors: await folder.deadRuns() }, clock.now());
    return verdict === 'held' ? lease : undefined;
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return undefined;
  }
}

/** The API that the workspace's kubeconfig leads to by now, if it answers. */
async function answering(
  context: WorkflowContext,
  folder: ClusterFolder,
  given: ClusterApi | undefined,
  signal: AbortSignal,
): Promise<Kube | undefined> {
  try {
    const kubeconfig = given ? undefined : await folder.kubeconfig();
    const kube = (given ?? (kubeconfig && (await context.openApi(kubeconfig, context.signal))))?.kube;
    return kube && (await kube.reachable({ signal })) ? kube : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // What is wrong with the kubeconfig is said where it is needed.
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

/** Who has the Lease, as a lock names its holder. */
export function leaseHolder({ identity, operation, acquiredAt, renewedAt = 0 }: OperationLease): LockHolder {
  const { user, host, pid } = runnerOf(identity) ?? { user: identity, host: 'an unknown computer', pid: 0 };
  const since = new Date(acquiredAt ?? renewedAt).toISOString();
  return { operation: operation || 'unknown', user, host, pid, since };
}

function leaseBusy({ name, kubeconfigPath }: ClusterFolder, lease: OperationLease, now: number): BusyError {
  const holder = leaseHolder(lease);
  const kubectl = kubeconfigPath === undefined ? 'kubectl' : `kubectl --kubeconfig ${kubeconfigPath}`;
  const remove = `${kubectl} --namespace ${leaseName.namespace} delete lease ${leaseName.name}`;
  return new BusyError(busyMessage(name, holder, now), {
    code: 'CLUSTER_BUSY',
    hint: `Wait for it, or end it on ${holder.host}, then run the same command again. A run that was killed keeps the cluster for ${leaseMs / 1000} s; one that hangs out of reach is stopped by \`${remove}\`.`,
    details: [processText(holder)],
  });
}

function leaseLost(name: string, lease: OperationLease | undefined): IncompleteError {
  const holder = lease && leaseHolder(lease);
  return new IncompleteError(
    holder
      ? `${name} was taken over by \`${holder.operation}\` of ${holder.user}, so nothing more is begun here.`
      : `Somebody removed the Lease by which this run keeps others out of ${name}, so nothing more is begun.`,
    {
      code: 'LEASE_LOST',
      hint: `See who works on it: slipway cluster status ${name}`,
      details: holder ? [processText(holder)] : [],
    },
  );
}
