import type { PoolArchitectures, Selection } from '../../components/index.js';
import { groupsOf, labelKeys } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { NodeFacts } from '../../kube/types.js';
import type { MachineProvider } from '../../provider/port.js';
import { note, type Noting, type WorkflowContext } from '../context.js';

/**
 * Refuses components for which no machine is fit, and warns of those that are not fit for some. Machines whose
 * architecture cannot be known before they are logged in to say nothing.
 * @param nodes what the cluster has already; only asked where it matters
 * @throws RefusedError code WRONG_ARCHITECTURE
 */
export async function checkArchitectures(
  context: Pick<WorkflowContext, 'clock' | 'signal'> & Noting,
  provider: Pick<MachineProvider, 'catalog' | 'defaults'>,
  selection: Selection,
  spec: ClusterSpec,
  nodes: () => Promise<Iterable<NodeFacts>>,
): Promise<void> {
  // Most run everywhere, and then there is nothing to ask.
  if (selection.on.every(({ definition }) => definition.architectures.length > 1)) return;
  const { misfits, misfitText } = await import('../../components/index.js');
  const found = misfits(selection, await pools(context, provider, spec, [...(await nodes())]));
  const nowhere = found.filter(({ fitsSomewhere }) => !fitsSomewhere);
  if (nowhere.length > 0) {
    throw new RefusedError(`${nowhere.map(misfitText).join('; ')}. Nothing was changed.`, {
      code: 'WRONG_ARCHITECTURE',
      hint: `Choose machines that fit, or switch it off (components.${nowhere[0]!.component}: false).`,
    });
  }
  for (const misfit of found)
    note(context, `${misfitText(misfit)}: see that its pods stay away from those.`, 'warning');
}

async function pools(
  { signal }: Pick<WorkflowContext, 'signal'>,
  provider: Pick<MachineProvider, 'catalog' | 'defaults'>,
  spec: ClusterSpec,
  nodes: readonly NodeFacts[],
): Promise<readonly PoolArchitectures[]> {
  const { machineTypes } = await provider.catalog({ signal });
  const ofType = new Map(machineTypes.map(({ name, architecture }) => [name, architecture]));
  const takers = groupsOf(spec, provider.defaults).filter(({ role }) => spec.pools.length === 0 || role === 'worker');
  return takers.map(({ pool, types: names }) => {
    const known = [
      ...names.map((name) => ofType.get(name)),
      ...nodes
        .filter(({ labels }) => labels[labelKeys.pool] === pool)
        .map(({ labels }) => labels['kubernetes.io/arch']),
    ];
    return { name: pool, architectures: new Set(known.filter((one) => one === 'amd64' || one === 'arm64')) };
  });
}
