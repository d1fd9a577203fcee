import { UsageError } from '../../errors/index.js';
import type { LockHolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

/**
 * Takes a lock away whose holder is gone for good. The person who asks knows that; nobody else can.
 * @throws UsageError code NOT_LOCKED; DeclinedError
 */
export async function unlockCluster(
  context: WorkflowContext,
  name: string,
): Promise<{ readonly cluster: string; readonly holder: LockHolder | undefined }> {
  const lock = await context.workspace.cluster(name).storedLock();
  if (!lock) throw notLocked(`Nobody holds the lock of ${name}.`);
  const { holder } = lock;
  const who = holder
    ? `${holder.user} on ${holder.host}, process ${holder.pid}: \`${holder.operation}\` since ${holder.since}`
    : 'nobody that it names';
  await context.reporter.confirm({
    question: `Take the lock of ${name} away?`,
    details: [`held by ${who}`, 'if that still runs, two runs change the cluster at once'],
    flags: '--yes',
  });
  if (!(await lock.remove()))
    throw notLocked(`The lock of ${name} was given back meanwhile, or is held by another now.`);
  return { cluster: name, holder };
}

const notLocked = (message: string): UsageError =>
  new UsageError(message, { code: 'NOT_LOCKED', hint: 'Run the command that was kept out again.' });
