import { type Clock, isNamed, plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { UsageError } from '../../errors/index.js';
import type { Kube } from '../../kube/types.js';
import type { StepInfo } from '../../reporting/index.js';
import type { BackupManifest, BackupSets } from '../../workspace/backups/types.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import { execute, locked, stepInfo } from '../run.js';
import { withStreams } from './nats.js';
import { keepProven, type PartOf, restoredFrom, restoredInto } from './restored-from.js';

export interface RestoreStreamsInput extends PartOf {
  /** By name, `*` for anything; none: all that the backup has. */
  readonly streams: readonly string[];
}

export interface RestoreStreamsResult {
  readonly cluster: string;
  readonly backup: string;
  readonly where: string;
  /** With a dry run: those that would be. */
  readonly restored: readonly { readonly name: string; readonly messages: number }[];
  /** Streams that were there already, and were left as they are. */
  readonly existing: readonly string[];
  readonly steps: readonly StepInfo[];
}

/**
 * Brings streams back from a backup: those that NATS does not have. One that is there stays as it is, so that a second run
 * finishes what the first one left.
 * @throws UsageError code NO_BACKUP; RefusedError codes BACKUP_BAD, NATS_NO_USER; IncompleteError codes NATS_FAILED,
 * KUBE_UNREACHABLE
 */
export async function restoreStreams(
  context: WorkflowContext,
  input: RestoreStreamsInput,
  retryCommand: string,
): Promise<RestoreStreamsResult> {
  const from = await restoredFrom(context, input, {
    kind: 'stream',
    in: ({ streams }) => namesOf(streams, input.streams).map(({ name }) => name),
  });
  const { folder, sets, manifest } = from;
  const chosen = chosenStreams(manifest, input.streams);
  const api = await restoredInto(context, from);
  const { kube } = api;
  const here = await withStreams(kube, context, (streams) => streams.list(context));
  if (!here) throw noNats(input.cluster);
  const existing = chosen.map(({ name }) => name).filter((name) => here.some((stream) => stream.name === name));
  const missing = chosen.filter(({ name }) => !existing.includes(name));
  const steps: Step<boolean>[] = [];
  for (const { name } of missing)
    steps.push(restoreStep({ clock: context.clock, folder, kube, sets, manifest, name, after: steps }));
  const base = { cluster: input.cluster, backup: manifest.id, where: sets.where, steps: steps.map(stepInfo) };
  const restored = missing.map(({ name, messages }) => ({ name, messages }));
  if (input.dryRun || steps.length === 0) return { ...base, restored, existing };
  const operation = 'backup restore-streams';
  await locked(
    context,
    folder,
    operation,
    ({ admit }) => execute(context, folder, operation, steps, retryCommand, admit),
    api,
  );
  return { ...base, restored, existing };
}

function restoreStep(of: {
  readonly clock: Clock;
  readonly folder: ClusterFolder;
  readonly kube: Kube;
  readonly sets: BackupSets;
  readonly manifest: BackupManifest;
  readonly name: string;
  readonly after: readonly Step[];
}): Step<boolean> {
  const { clock, folder, kube, sets, manifest, name } = of;
  const { messages, head } = manifest.streams.find((stream) => stream.name === name)!;
  return {
    id: `stream:${name}`,
    phase: 'Restore streams',
    target: name,
    text: `bring back ${plural(messages, 'message')} from ${manifest.id}`,
    needs: [],
    // One at a time: all go through the same way.
    after: [...of.after],
    apply: async (run) => {
      const { signal } = run;
      const began = clock.monotonic();
      const told = (bytes: number): void => run.progress(`${Math.round(bytes / 1024)} KiB`);
      const options = { signal, progress: told };
      const done = await withStreams(kube, { signal }, (streams) =>
        streams.restore(name, head, sets.stream(manifest, name), options),
      );
      if (done !== true) return false;
      const [at, tookMs] = [new Date(clock.now()).toISOString(), clock.monotonic() - began];
      await keepProven(folder, [
        { kind: 'stream', name, backup: manifest.id, at, as: 'cluster', tookMs, count: messages },
      ]);
      return true;
    },
  };
}

/** All that are asked for; none where one of the names means none of them. */
const namesOf = (streams: BackupManifest['streams'], names: readonly string[]): BackupManifest['streams'] =>
  names.every((name) => streams.some((stream) => isNamed(stream.name, [name])))
    ? streams.filter(({ name }) => names.length === 0 || isNamed(name, names))
    : [];

/** @throws UsageError code NO_BACKUP */
function chosenStreams(manifest: BackupManifest, names: readonly string[]): BackupManifest['streams'] {
  const { id, cluster, streams } = manifest;
  const nowhere = names.find((name) => !streams.some((stream) => isNamed(stream.name, [name])));
  const found = namesOf(streams, names);
  if (found.length > 0) return found;
  throw new UsageError(`The backup ${id} of ${cluster.name} has no copy of ${nowhere ?? 'any stream'}.`, {
    code: 'NO_BACKUP',
    hint:
      streams.length > 0
        ? `It has ${streams.map(({ name }) => name).join(', ')}.`
        : 'Name the streams that belong to a backup in the cluster file: backup.streams',
  });
}

const noNats = (cluster: string): UsageError =>
  new UsageError(`${cluster} has no NATS that streams could be brought back to.`, {
    code: 'NO_BACKUP',
    hint: 'Switch the component on in the cluster file (components.nats), then: slipway cluster apply',
  });
