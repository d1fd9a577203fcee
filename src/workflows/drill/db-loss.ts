import { ageText, noticedAt, plural, type DrillSample } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import type { KubeOptions } from '../../kube/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { type Change, confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { type Database, findDatabase, lookAtDatabase } from './database.js';
import { measureDrill } from './measure.js';
import { type DrillReport, incompleteDrill, reportDrill } from './report.js';
import { restoreDatabase } from './restore-database.js';

export interface DatabaseDrillInput {
  readonly cluster: string;
  /** As its file says now; undefined: as it was applied last. */
  readonly spec: ClusterSpec | undefined;
  /** `shop/data-db-0`; undefined: the one of which the newest backup has a copy. */
  readonly claim: string | undefined;
  readonly url: URL | undefined;
  /** Whether its data are brought back from here; otherwise somebody else does. */
  readonly restore: boolean;
  readonly deadlineMs: number;
}

/** Milliseconds after which it is restored even if nobody noticed. */
const noticeMs = 30_000;

interface DatabaseDraft {
  readonly database: Database;
  readonly steps: readonly Step[];
}

/**
 * Deletes the volume of a database at its provider, without telling the cluster, and measures how long its data are missing.
 * @throws RefusedError code DRILL_REFUSED: its data would be lost for good, or it is not well; UsageError codes BAD_USAGE,
 * VOLUME_KEY; IncompleteError code DRILL_INCOMPLETE: not all came back, which the kept report tells
 */
export async function drillDatabaseLoss(
  context: WorkflowContext,
  input: DatabaseDrillInput,
  retryCommand: string,
  keep: (report: DrillReport) => Promise<void>,
): Promise<DrillReport> {
  const known = await knownCluster(context.workspace, input.cluster);
  const { folder, record } = known;
  const operation = 'drill db-loss';
  let [since, lostAt] = [0, 0];
  const began = (): void => void ([since, lostAt] = [context.clock.monotonic(), context.clock.now()]);
  const change: Change<DatabaseDraft> = {
    folder,
    operation,
    retryCommand,
    draft: async (looking) => {
      const database = await findDatabase(looking, known, { ...input, restores: input.restore });
      return { database, steps: [deletion(database, began)] };
    },
    confirmation: (draft) => Promise.resolve(confirmationOf(context, input, draft)),
    api: ({ database }) => database.api,
  };
  const { database } = await confirmed(context, change, async (drafted, once, { admit }) => {
    await execute(once, folder, operation, drafted.steps, retryCommand, admit);
    return drafted;
  });
  const { samples, failure } = await measured(context, input, database, since);
  const { claim, provider, before, backup } = database;
  const report = await reportDrill(
    context,
    folder,
    { kind: 'db-loss', claim, url: input.url?.href, dataAgeMs: lostAt - backup.at },
    { before, samples, provider: provider.name, simulated: provider.traits.simulated },
  );
  await keep(report);
  if (failure !== undefined) throw failure;
  if (report.complete) return report;
  const hint = `Bring its data back: slipway backup restore-volumes ${record.name} --claim ${claim}`;
  throw incompleteDrill(report, input.deadlineMs, hint);
}

const deletion = ({ provider, item, claim }: Database, began: () => void): Step => ({
  id: `drill:${claim}`,
  phase: 'Drill',
  target: claim,
  text: `delete its volume ${item.name} at ${provider.title} without telling the cluster`,
  needs: [],
  destroys: true,
  apply: async (run) => {
    began();
    await provider.removeOwnedResource(item, run);
  },
});

/** Its data are brought back beside, from when somebody noticed; that is not cut short once all is measured. */
async function measured(
  context: WorkflowContext,
  { cluster, spec, url, restore, deadlineMs }: DatabaseDrillInput,
  database: Database,
  since: number,
): Promise<{ readonly samples: readonly DrillSample[]; readonly failure: Error | undefined }> {
  let failure: Error | undefined;
  let restoring: Promise<void> | undefined;
  const tell = (samples: readonly DrillSample[]): 'end' | undefined => {
    const isDue = noticedAt(samples, database.before) !== undefined || samples.at(-1)!.atMs >= noticeMs;
    if (restore && isDue)
      restoring ??= restoreDatabase(context, cluster, database, spec).catch((error: Error) => void (failure = error));
    return failure === undefined ? undefined : 'end';
  };
  const watched = { ...database, url, look: (options: KubeOptions) => lookAtDatabase(database, options) };
  try {
    const samples = await measureDrill(context, watched, { since, deadlineMs, signal: context.signal, tell });
    return { samples, failure };
  } finally {
    await restoring;
  }
}

function confirmationOf(
  { clock }: WorkflowContext,
  { cluster, restore }: DatabaseDrillInput,
  { database: { claim, item, provider, backup, before, workload } }: DatabaseDraft,
) {
  const size = item.sizeGB === undefined ? '' : `${item.sizeGB} GB in `;
  return {
    question: `Delete the volume of ${claim} of ${cluster} on purpose, and time how its data come back?`,
    details: [
      `deleted: ${item.name} at ${provider.title}, ${size}${item.location}, with everything on it`,
      `lost for good: what was written since its copy of ${ageText(clock.now() - backup.at)} ago (backup ${backup.id})`,
      `until its data are back: ${plural(before.pods, 'pod')}`,
      restore
        ? `restored from here: all pods of ${workload!.kind} ${workload!.namespace}/${workload!.name} are stopped meanwhile`
        : `not restored from here: somebody else has to, with \`slipway backup restore-volumes\`, or pass --restore`,
    ],
    flags: '--yes',
  };
}
