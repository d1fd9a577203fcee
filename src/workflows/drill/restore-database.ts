import type { ClusterSpec } from '../../domain/spec/schema.js';
import { IncompleteError, InterruptedError, messageOf, SlipwayError } from '../../errors/index.js';
import type { Kube, KubeOptions } from '../../kube/types.js';
import { restoreVolumes } from '../backup/restore-volumes.js';
import { note, progress, type WorkflowContext } from '../context.js';
import type { Database, StatefulSet } from './database.js';

/** Milliseconds for pods to end. */
const stopMs = 600_000;

/**
 * Brings the data of a lost volume back from its backup: its pods are stopped, the claim is made anew with the files of the copy, and
 * they start again. Where the data cannot be brought back they stay stopped: with an empty volume they would begin anew.
 * @throws IncompleteError code DRILL_INCOMPLETE, with the commands that finish it
 */
export async function restoreDatabase(
  context: WorkflowContext,
  cluster: string,
  { api: { kube }, claim, volume, backup, statefulSet }: Database,
  spec: ClusterSpec | undefined,
): Promise<void> {
  const set = statefulSet!;
  const again = `slipway backup restore-volumes ${cluster} --claim ${claim}`;
  try {
    progress(context, `stopping the pods of ${set.namespace}/${set.name}`);
    await scale(kube, set, 0, context);
    await stopped(kube, set, context);
    const input = { cluster, spec, at: undefined, id: backup.id, claims: [claim], dryRun: false };
    await restoreVolumes(context, input, again);
    await scale(kube, set, set.replicas, context);
    // Nothing is behind it any more.
    await kube.delete({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } }, context);
  } catch (error) {
    const hint = `Its pods are stopped. Run ${again}, then: kubectl -n ${set.namespace} scale statefulset ${set.name} --replicas=${set.replicas}`;
    if (!(error instanceof SlipwayError) || error instanceof InterruptedError) {
      note(context, hint, 'warning');
      throw error;
    }
    throw new IncompleteError(`The data of ${claim} were not brought back: ${messageOf(error)}`, {
      code: 'DRILL_INCOMPLETE',
      details: [...error.details, ...(error.hint === undefined ? [] : [error.hint])],
      hint,
      cause: error,
    });
  }
}

const refOf = ({ namespace, name }: StatefulSet) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { namespace, name },
});

async function scale(kube: Kube, set: StatefulSet, replicas: number, options: KubeOptions): Promise<void> {
  if (await kube.patch({ ...refOf(set), spec: { replicas } }, options)) return;
  throw new IncompleteError(`The StatefulSet ${set.namespace}/${set.name} is gone.`, {
    code: 'DRILL_INCOMPLETE',
    hint: 'Make it again.',
  });
}

const stopped = (kube: Kube, set: StatefulSet, options: KubeOptions): Promise<true> =>
  kube.until(
    {
      what: `the pods of ${set.namespace}/${set.name} to end`,
      code: 'DRILL_INCOMPLETE',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: set.namespace }],
      check: (view, say) => {
        const left = view
          .all({ apiVersion: 'v1', kind: 'Pod' })
          .filter(({ metadata }) =>
            ((metadata['ownerReferences'] ?? []) as readonly { readonly kind: string; readonly name: string }[]).some(
              ({ kind, name }) => kind === 'StatefulSet' && name === set.name,
            ),
          );
        say(left.map(({ metadata }) => metadata.name).join(', '));
        return left.length === 0 ? true : undefined;
      },
    },
    { ...options, deadlineMs: stopMs, hint: 'See what holds them: kubectl describe pod' },
  );
