import { isNewer, quarantineLabel, type Role, type UpgradeStage } from '../../../domain/index.js';
import { gate, type Step, type StepContext, type Verdict } from '../../../engine/index.js';
import { IncompleteError } from '../../../errors/index.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { isUpNode } from '../../../phases/is-up.js';
import type { UpgradeRequest } from '../../upgrades.js';
import { k3sRules } from '../rules.js';
import { etcdMinorIn } from './etcd-versions.js';
import { checkServers } from './look.js';

/** Milliseconds between two looks. */
const lookAgainMs = 2_000;

interface Deps {
  readonly context: Omit<PhaseContext, 'rules'>;
  readonly api: ClusterApi;
  readonly served: UpgradeRequest['served'];
}

/** Between a release that servers or workers were brought to and whatever comes next: all are up with it, etcd has followed. */
export const stageGate = (
  deps: Deps,
  { to }: UpgradeStage,
  role: Role,
  group: readonly string[],
  changed: readonly Step[],
): Step => {
  const target = role === 'worker' ? 'workers' : 'servers';
  return gate({
    id: `gate:${target}:all:${to}`,
    phase: `Bring ${target} to ${to}`,
    target,
    text: `see that all of them are up with ${to}${role === 'worker' ? '' : ' and that etcd has followed'}`,
    needs: changed,
    apply: (run) => judge(deps, to, role, group, run),
  });
};

async function judge(
  { context, api, served }: Deps,
  to: string,
  role: Role,
  group: readonly string[],
  run: StepContext,
): Promise<Verdict> {
  const { clock } = context.tools;
  const until = clock.monotonic() + deadlines.recovery;
  for (;;) {
    const because =
      (await missing(api, to, role, group, run)) ??
      (role === 'control-plane' ? await etcdBehind(context, to, group, run) : undefined) ??
      (await served?.(run));
    if (because === undefined) return { answer: 'go' };
    if (clock.monotonic() >= until) {
      const error = new IncompleteError(`${because} So nothing more was begun.`, {
        code: 'ROLLOUT_STOPPED',
        hint: `See what is wrong: slipway cluster status ${context.cluster.name}`,
      });
      return { answer: 'stop', error };
    }
    run.progress(`waiting: ${because}`);
    await clock.sleep(lookAgainMs, run.signal);
  }
}

async function missing(
  api: ClusterApi,
  to: string,
  role: Role,
  group: readonly string[],
  run: StepContext,
): Promise<string | undefined> {
  const nodes = await api.kube.nodes(run);
  const behind = group.filter((name) => {
    const node = nodes.find((one) => one.name === name);
    if (node?.labels[quarantineLabel] !== undefined) return false;
    return !isUpNode(role, node, k3sRules) || node === undefined || isNewer(to, node.version);
  });
  return behind.length === 0
    ? undefined
    : `${behind.join(', ')} ${behind.length === 1 ? 'is' : 'are'} not up with ${to}.`;
}

/** Members raise the version that they agree on once the last of them could follow; the next release may need it. */
async function etcdBehind(
  context: Deps['context'],
  to: string,
  group: readonly string[],
  run: StepContext,
): Promise<string | undefined> {
  const servers = context.facts.machines.filter(({ name }) => group.includes(name));
  const { found, silent } = await checkServers(context, servers, run);
  if (silent.size > 0) return [...silent].map(([name, why]) => `${name}: ${why}`).join('; ');
  const expected = `3.${etcdMinorIn(to)}.`;
  const behind = [...found].filter(
    ([, { server, cluster }]) => server.startsWith(expected) && !cluster.startsWith(expected),
  );
  return behind.length === 0
    ? undefined
    : behind.map(([name, { cluster }]) => `etcd on ${name} is at version ${cluster} still.`).join(' ');
}
