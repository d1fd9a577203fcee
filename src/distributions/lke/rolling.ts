import { cordonedAnnotation, slotLabel } from '../../domain/index.js';
import { needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { refusedHalfWay } from '../../errors/index.js';
import type { ClusterApi } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import { cordon, uncordon } from '../../phases/rollout.js';
import type { LkeContext, PlacedNode } from './context.js';
import type { NodeFates } from './nodes.js';
import type { Stage } from './pools.js';
import { waitForPool } from './waits.js';

/** Nodes are made anew by LKE, which drains nothing: each is emptied by us first, and the next waits until it is back. */
export function planReplacements(context: LkeContext, { recycled, uncordoned }: NodeFates, stage: Stage): Step[] {
  const back = uncordoned.map((node) => uncordonStep(context, node, stage));
  const steps: Step[] = [...back];
  for (const node of recycled) {
    const before = steps.length > back.length ? [steps.at(-1)!] : [...stage.before, ...back];
    steps.push(recycleStep(context, node, { ...stage, before }));
  }
  return steps;
}

/** What leaves takes no pods from the first on; then one after the other is emptied and goes. */
export function planRemovals(context: LkeContext, { removed }: NodeFates, stage: Stage): Step[] {
  const { pools } = context.facts;
  const empty = [...pools.asked.flatMap(({ former }) => former), ...pools.excess];
  const cordons = removed.slice(1).map((node) => cordonStep(context, node, stage));
  const steps: Step[] = [...cordons];
  let before: readonly Step[] = [...stage.before, ...cordons];
  for (const node of removed) {
    const isLast = removed.filter(({ pool }) => pool === node.pool).at(-1) === node;
    const takesPool = isLast && empty.includes(node.pool);
    const step = removeStep(context, node, takesPool, { ...stage, before });
    steps.push(step);
    before = [step];
  }
  for (const pool of empty.filter(({ nodes }) => nodes.length === 0)) {
    const { id, lke } = { ...stage, ...context };
    steps.push({
      ...{ id: `pool:remove:${pool.id}`, phase: 'Remove nodes', target: pool.name ?? pool.id },
      ...{ text: `delete the empty pool of ${pool.type}`, destroys: true, needs: [...needsOf(id), ...before] },
      apply: (run) => lke.deletePool(valueOf(id, run), pool.id, run),
    });
  }
  return steps;
}

/** `web-1` of the node that LKE calls otherwise. */
function labelOf({ facts }: LkeContext, node: PlacedNode): string {
  const machine = facts.machines.find(({ name }) => name === node.name);
  return machine ? slotLabel(machine) : (node.pool.name ?? node.pool.id);
}

const heldBy = ({ held }: LkeContext, { name }: PlacedNode): Pick<Step, 'details'> => {
  const details = held?.get(name) ?? [];
  return details.length === 0 ? {} : { details };
};

function recycleStep(context: LkeContext, node: PlacedNode, { id, api, before }: Stage): Step {
  const { cluster, tools, lke, facts } = context;
  const version = facts.nodes?.get(node.name)?.version;
  return {
    id: `node:recycle:${node.id}`,
    phase: 'Recycle nodes',
    target: labelOf(context, node),
    text: `drain ${node.name}${version ? `, which runs ${version}` : ''}, and have LKE replace it`,
    ...heldBy(context, node),
    destroys: true,
    limits: ['drain'],
    needs: [...needsOf(id, api), ...before],
    async apply(run) {
      const open = valueOf(api, run);
      const pool = {
        name: node.pool.name ?? node.pool.id,
        of: ({ pools }: { readonly pools: LkeContext['facts']['pools']['excess'] }) =>
          pools.find((one) => one.id === node.pool.id),
      };
      const found = await lke.find(cluster, run);
      const now = (found && pool.of(found))?.nodes.find((one) => one.id === node.id);
      // One that lost its machine meanwhile is made anew already.
      if (now?.machine && now.machine.id === node.machine?.id) {
        await drain(context, open, node, run);
        run.progress('having LKE replace it');
        await refusedHalfWay(() => lke.recycleNode(valueOf(id, run), node.id, run));
      }
      const gone = new Set(node.machine ? [node.machine.id] : []);
      await refusedHalfWay(() => waitForPool(tools, lke, open, { cluster, pool, gone }, run));
    },
  };
}

function removeStep(context: LkeContext, node: PlacedNode, takesPool: boolean, { id, api, before }: Stage): Step {
  const { lke } = context;
  return {
    id: takesPool ? `pool:remove:${node.pool.id}` : `node:remove:${node.id}`,
    phase: 'Remove nodes',
    target: labelOf(context, node),
    text: takesPool
      ? `drain ${node.name}, and delete it with its pool of ${node.pool.type}`
      : `drain ${node.name}, and delete it`,
    ...heldBy(context, node),
    destroys: true,
    limits: ['drain'],
    needs: [...needsOf(id, api), ...before],
    async apply(run) {
      await drain(context, valueOf(api, run), node, run);
      run.progress('deleting it');
      await refusedHalfWay(() =>
        takesPool
          ? lke.deletePool(valueOf(id, run), node.pool.id, run)
          : lke.removeNode(valueOf(id, run), node.id, run),
      );
    },
  };
}

const cordonStep = (context: LkeContext, node: PlacedNode, { api, before }: Stage): Step => ({
  id: `node:cordon:${node.id}`,
  phase: 'Remove nodes',
  target: labelOf(context, node),
  text: `cordon ${node.name} until it is its turn`,
  changes: true,
  needs: [...needsOf(api), ...before],
  apply: (run) => cordon(valueOf(api, run), node.name, run),
  putBack: (run) => uncordon(valueOf(api, run), node.name, run),
});

const uncordonStep = (context: LkeContext, node: PlacedNode, { api, before }: Stage): Step => ({
  id: `node:uncordon:${node.id}`,
  phase: 'Recycle nodes',
  target: labelOf(context, node),
  text: `let ${node.name} take pods again, which a run that was stopped had emptied`,
  needs: [...needsOf(api), ...before],
  apply: (run) => uncordon(valueOf(api, run), node.name, run),
});

/** A node that is not there has nothing to lose. */
async function drain(
  { lose }: LkeContext,
  { kube }: ClusterApi,
  { name }: PlacedNode,
  run: StepContext,
): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (!node) return;
  run.progress(node.annotations[cordonedAnnotation] === undefined ? 'draining' : 'draining it further');
  await kube.drain(name, { ...run, deadlineMs: deadlines.drain, uncordonAtDeadline: true, lose });
}
