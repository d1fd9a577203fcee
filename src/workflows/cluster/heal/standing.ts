import { lowestVersion, type NoticeEvent, standingIlls, supportOf } from '../../../domain/index.js';
import { askingPolicy } from '../../../domain/spec/maintain.js';
import { SlipwayError } from '../../../errors/index.js';
import { note, type WorkflowContext } from '../../context.js';
import { tell } from '../../notify/tell.js';
import { backupFacts, backupStatus } from '../backup-status.js';
import { certificatesInSight } from '../certificates.js';
import { toolsFor } from '../tools.js';
import type { HealLook, HealTarget } from './look.js';

/** Days pass before any of it is another. */
const lookEveryMs = 3_600_000;
/** After somebody could not be told, or something could not be looked at. */
const againMs = 60_000;

/**
 * What a watch tells of beside lost machines, once an hour: certificates and releases near their end, backups that are late. What was told of
 * by a round of maintenance is not told of again.
 */
export class StandingIlls {
  #nextAt = 0;

  /** Whoever the cluster notifies is told; nothing else ever fails for it. */
  async tell(context: WorkflowContext, target: HealTarget, look: HealLook): Promise<void> {
    const now = context.clock.now();
    const { folder, record } = target;
    if (now < this.#nextAt || (record.spec.notify ?? []).length === 0 || !look.api) return;
    try {
      const { ills, looked } = await standingNow(context, target, look);
      const isTold = await tell(context, folder, record, { ills, looked });
      this.#nextAt = now + (isTold ? lookEveryMs : againMs);
    } catch (error) {
      if (!(error instanceof SlipwayError) || context.signal.aborted) throw error;
      this.#nextAt = now + lookEveryMs;
      note(context, `What is near its end could not be looked at: ${error.message}`, 'warning');
    }
  }
}

async function standingNow(context: WorkflowContext, { folder, record, provider }: HealTarget, look: HealLook) {
  const { name: cluster, spec, createdAt } = record;
  const now = context.clock.now();
  const { machines, nodes } = look;
  const distribution = await context.distribution(spec.kubernetes.distribution);
  const tools = toolsFor(context, provider, folder);
  const certificates = await certificatesInSight(context, { distribution, tools, machines, createdAt });
  const version = lowestVersion(
    [...nodes.values()].filter(({ controlPlane }) => controlPlane).map((node) => node.version),
  );
  const support = version === undefined ? undefined : supportOf(version, undefined, now);
  const backup = spec.backup && (await backupStatus(context, folder, spec, distribution));
  const ills = standingIlls(
    {
      cluster,
      certificates,
      renewal: (spec.maintain ?? askingPolicy()).certificates,
      version,
      support,
      backup: backup && backupFacts(backup, spec),
    },
    now,
  );
  // Where no date of the release is known, a round that asks for the newer ones tells of it, and knows when it is well.
  const looked: readonly NoticeEvent[] = ['certificate', 'backup', ...(support ? (['version'] as const) : [])];
  return { ills, looked };
}
