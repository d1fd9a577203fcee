import type { ClusterRef, Secret } from '../../domain/index.js';
import type { StepContext } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { ClusterApi, Tools } from '../../phases/context.js';
import type { ManagedCluster, ManagedKubernetes, ManagedPool } from '../../provider/managed.js';
import { kubeconfigFor } from './kubeconfig.js';
import { minorOf } from './minors.js';

const minutes = (n: number): number => n * 60_000;
/** How long each wait may take, in milliseconds. */
const deadlines = { kubeconfig: minutes(20), version: minutes(20), nodes: minutes(20) } as const;
/** Between two looks: soon at first, and seldom once it takes long. */
const pauses = [250, 500, 1_000, 2_000, 3_000];

interface Wait {
  /** Reads after "waiting for". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly code: 'NO_KUBECONFIG' | 'KUBE_UNREACHABLE' | 'UPGRADE_FAILED' | 'NODE_TIMEOUT';
  readonly hint: string;
}

/** @param look undefined, or a word on what is lacking: not yet */
async function until<T extends object>(
  { clock }: Pick<Tools, 'clock'>,
  { what, deadlineMs, code, hint }: Wait,
  run: StepContext,
  look: () => Promise<T | string>,
): Promise<T> {
  const began = clock.monotonic();
  for (let turn = 0; ; turn += 1) {
    const found = await look();
    if (typeof found !== 'string') return found;
    const waited = clock.monotonic() - began;
    if (waited >= deadlineMs) {
      const message = `Waited ${Math.round(waited / 60_000)} minutes for ${what}: ${found}.`;
      throw new IncompleteError(message, { code, hint });
    }
    run.progress(`waiting for ${what}: ${found}`);
    await clock.sleep(pauses[Math.min(turn, pauses.length - 1)]!, run.signal);
  }
}

/** Asks until LKE gives it, and its API answers: what LKE calls ready says nothing of that. */
export async function waitForApi(
  tools: Tools,
  lke: ManagedKubernetes['managed'],
  { cluster, id }: { readonly cluster: ClusterRef; readonly id: string },
  run: StepContext,
): Promise<{ readonly kubeconfig: Secret; readonly api: ClusterApi }> {
  const hint = 'See https://status.linode.com, then run the same command again: it goes on from here.';
  const what = 'the kubeconfig, which takes LKE 2 to 5 minutes';
  const { raw } = await until(
    tools,
    { what, deadlineMs: deadlines.kubeconfig, code: 'NO_KUBECONFIG', hint },
    run,
    async () => {
      const found = await lke.kubeconfig(id, run);
      return found ? { raw: found } : 'it is not given out yet';
    },
  );
  const kubeconfig = kubeconfigFor(cluster.name, raw);
  const api = await tools.openApi(kubeconfig, run.signal);
  const wait = {
    what: 'the Kubernetes API',
    deadlineMs: deadlines.kubeconfig,
    code: 'KUBE_UNREACHABLE',
    hint,
  } as const;
  await until(tools, wait, run, async () => ((await api.kube.reachable(run)) ? api : 'it does not answer'));
  return { kubeconfig, api };
}

/** Until the control plane itself says that it runs a minor. */
export async function waitForVersion(tools: Tools, api: ClusterApi, minor: string, run: StepContext): Promise<void> {
  const wait: Wait = {
    what: `the control plane to run ${minor}`,
    deadlineMs: deadlines.version,
    code: 'UPGRADE_FAILED',
    hint: 'Run the same command again: it goes on from here.',
  };
  await until(tools, wait, run, async () => {
    const version = (await api.kube.reachable(run)) ? await api.kube.version(run) : undefined;
    return version !== undefined && minorOf(version) === minor ? {} : `it ${version ? `runs ${version}` : 'is silent'}`;
  });
}

/** What a pool lacks that is to have so many nodes, each Ready on a machine of its own; undefined: nothing. */
export function lackOf(
  pool: ManagedPool | undefined,
  nodes: Iterable<NodeFacts>,
  gone: ReadonlySet<string> = new Set(),
): string | undefined {
  if (!pool) return 'it is not there';
  const ready = new Set([...nodes].flatMap((node) => (node.ready && node.providerId ? [node.providerId] : [])));
  const whole = pool.nodes.filter(({ providerId }) => providerId !== undefined && ready.has(providerId));
  const old = pool.nodes.filter(({ machine }) => machine && gone.has(machine.id));
  if (old.length > 0) return `${old[0]!.name} is still there`;
  return whole.length >= pool.count ? undefined : `${whole.length} of ${pool.count} nodes are Ready`;
}

/** Until every node of a pool is Ready. @param gone ids of machines that must not be there any more */
export async function waitForPool(
  tools: Tools,
  lke: ManagedKubernetes['managed'],
  api: ClusterApi,
  {
    cluster,
    pool,
    gone,
  }: { readonly cluster: ClusterRef; readonly pool: PoolChoice; readonly gone?: ReadonlySet<string> },
  run: StepContext,
): Promise<ManagedPool> {
  const wait: Wait = {
    what: `the nodes of ${pool.name}`,
    deadlineMs: deadlines.nodes,
    code: 'NODE_TIMEOUT',
    hint: `See what is wrong: slipway cluster status ${cluster.name}; run the same command again to go on.`,
  };
  return until(tools, wait, run, async () => {
    const [found, nodes] = await Promise.all([lke.find(cluster, run), api.kube.nodes(run)]);
    const chosen = found && pool.of(found);
    return lackOf(chosen, nodes, gone) ?? chosen!;
  });
}

export interface PoolChoice {
  readonly name: string;
  readonly of: (found: ManagedCluster) => ManagedPool | undefined;
}
