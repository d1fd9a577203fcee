import type { DueJob, MaintainJob } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { MaintainPolicy } from '../../domain/spec/maintain.js';
import type { StepInfo } from '../../reporting/index.js';
import type { ClusterRecord } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import type { UpgradeInput } from '../cluster/upgrade.js';

/** How jobs are done: by the workflows of the commands that do the same alone. */
export interface JobInput {
  readonly cluster: string;
  /** As its file says now. */
  readonly spec: ClusterSpec;
  readonly policy: MaintainPolicy;
  /** What an upgrade takes from the file, and how it writes the new release into it. */
  readonly file: Pick<UpgradeInput, 'bundle' | 'begin'>;
}

interface JobRun extends JobInput {
  readonly record: Pick<ClusterRecord, 'upgrade'>;
  readonly due: DueJob;
  readonly dryRun: boolean;
  readonly retryCommand: string;
}

type Job = (context: WorkflowContext, run: JobRun) => Promise<readonly StepInfo[]>;

/** Loaded by the job that needs it: a round that has nothing to do is quick. */
const jobs: Readonly<Record<MaintainJob, Job>> = {
  certificates: async (context, { cluster, policy: { maxUnavailable }, dryRun, retryCommand }) => {
    const { rotateCerts } = await import('../cluster/rotate-certs.js');
    return (await rotateCerts(context, { cluster, maxUnavailable, dryRun }, retryCommand)).steps;
  },
  backup: async (context, { cluster, spec, dryRun, retryCommand }) => {
    if (dryRun) return [];
    const { createBackup } = await import('../backup/create.js');
    await createBackup(context, { cluster, spec, due: true, missing: 'is an error' }, retryCommand);
    return [];
  },
  drill: async (context, { cluster, spec, dryRun, retryCommand }) => {
    const { drillBackup } = await import('../backup/drill.js');
    const input = { cluster, spec, at: undefined, id: undefined, due: true, dryRun };
    return (await drillBackup(context, input, retryCommand)).steps;
  },
  patch: (context, run) => upgrade(context, run),
  minor: (context, run) => upgrade(context, run),
  components: async (context, { cluster, dryRun, retryCommand }) => {
    const { upgradeComponents } = await import('../component/upgrade.js');
    return (await upgradeComponents(context, { cluster, names: [], dryRun }, retryCommand)).steps;
  },
  system: async (context, { cluster, policy: { maxUnavailable }, dryRun, retryCommand }) => {
    const { rebootNodes } = await import('../cluster/reboot-nodes.js');
    return (await rebootNodes(context, { cluster, maxUnavailable, dryRun }, retryCommand)).steps;
  },
  tokens: async (context, { cluster, policy: { maxUnavailable }, dryRun, retryCommand }) => {
    const { rotateToken } = await import('../cluster/rotate-token.js');
    return (await rotateToken(context, { cluster, maxUnavailable, dryRun }, retryCommand)).steps;
  },
  'ssh-key': async (context, { cluster, dryRun, retryCommand }) => {
    const { rotateSshKey } = await import('../cluster/rotate-ssh-key.js');
    return (await rotateSshKey(context, { name: cluster, dryRun }, retryCommand)).steps;
  },
};

/** One that was begun goes on to what was found for it then. */
async function upgrade(
  context: WorkflowContext,
  { cluster, record, due, policy, file, dryRun, retryCommand }: JobRun,
): Promise<readonly StepInfo[]> {
  const { upgradeCluster } = await import('../cluster/upgrade.js');
  const input: UpgradeInput = {
    cluster,
    to: due.begun ? (record.upgrade?.asked ?? due.what) : due.what,
    maxUnavailable: policy.maxUnavailable,
    soakMs: 0,
    acceptRemovedApis: false,
    gate: { url: undefined, query: undefined },
    strategy: undefined,
    lose: new Set(),
    undrainable: 'stop',
    maxQuarantined: '10%',
    dryRun,
    ...file,
  };
  return (await upgradeCluster(context, input, retryCommand)).steps;
}

/** Does a job, or with `dryRun` only finds out its steps. @throws what its workflow does */
export const doJob = (context: WorkflowContext, run: JobRun): Promise<readonly StepInfo[]> =>
  jobs[run.due.job](context, run);
