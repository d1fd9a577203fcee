import { type Machine, slotLabel } from '../../domain/index.js';
import type { Step, StepContext } from '../../engine/index.js';
import { UnexpectedError } from '../../errors/index.js';
import type { RestoreSource } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import { lookInside } from '../../phases/session.js';
import type { HostTask, Session } from '../../remote/types.js';
import type { K3sContext } from './context.js';
import { forgetEtcd, type KeptNode, renewNodes, restoreEtcd, stopK3s } from './host/index.js';

interface RestoredServer {
  readonly source: RestoreSource;
  /** What starts it, with the token of that time. */
  readonly start: HostTask;
  /** Its node. */
  readonly own: string;
  /** Nodes that have a machine, its own among them. */
  readonly keep: readonly KeptNode[];
}

/** Brings the snapshot to a server, has k3s make etcd of it before it ever starts with it, and starts k3s. */
export async function restoreServer(
  session: Session,
  { source, start, own, keep }: RestoredServer,
  run: StepContext,
): Promise<void> {
  await restoreQuarantined(session, { source, start }, run);
  const { anew } = await session.run(renewNodes({ own, keep, deadlineMs: deadlines.hostTask }), run);
  if (anew === 'true') await session.run(start, run);
}

/** The same of a server that has no node, and in whose copy none is to be. */
export async function restoreQuarantined(
  session: Session,
  { source, start }: Pick<RestoredServer, 'source' | 'start'>,
  run: StepContext,
): Promise<void> {
  const { restore, sha256, file } = source;
  const { user: owner } = session.target;
  const restoring = restoreEtcd({ restore, sha256, start, owner, deadlineMs: deadlines.serverStart });
  const { restored, folder } = await session.run(restoring, run);
  if (restored !== 'true') {
    if (!folder?.startsWith('/'))
      throw new UnexpectedError('A host task’s answer cannot be used: restore-etcd names no folder.', {
        code: 'BAD_FACTS',
      });
    run.progress('copying the snapshot to it');
    await session.upload(file, `${folder}/snapshot.gz`, 0o600, run);
    await session.run(restoring, run);
  }
  await session.run(start, run);
}

/**
 * Steps that stop the other servers and put aside what they have of etcd: two of three that go on with the old data
 * would be the old cluster again, beside the restored one.
 * @param first the name of the server that is restored
 */
export function planClearing({ facts, tools, restore }: K3sContext, first: string): readonly Step[] {
  if (!restore) return [];
  const others = [...facts.comparison.current, ...facts.comparison.excess].filter(
    ({ name, role }) => role === 'control-plane' && name !== first && facts.hosts.has(name),
  );
  return others.map((machine): Step => ({
    id: `clear:${machine.name}`,
    phase: 'Stop what is left of the cluster',
    target: slotLabel(machine),
    text: 'stop k3s and put its data of etcd aside',
    destroys: facts.hosts.get(machine.name)?.etcdData ?? false,
    needs: [],
    apply: (run) => clear(machine, run),
  }));

  async function clear(machine: Machine, run: StepContext): Promise<void> {
    const session = await lookInside(tools, machine, run);
    await session.run(stopK3s({ killPods: false, deadlineMs: deadlines.hostTask }), run);
    await session.run(forgetEtcd({ deadlineMs: deadlines.hostTask }), run);
  }
}
