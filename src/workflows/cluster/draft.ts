import type { ClusterRef, DesiredMachine } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { refuseLostControlPlane } from '../../distributions/k3s/lost-control-plane.js';
import type { MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { type ComponentPurpose, componentsToPlan } from '../component/planned.js';
import type { WorkflowContext } from '../context.js';
import type { Unchecked } from '../unchecked.js';
import { refuseMovedAddress } from './api-address.js';
import { hostKeyProblems } from './host-keys.js';
import { observe, type Observation } from './observe.js';
import { refuseOlderVersion } from './outdated.js';
import { planCluster, type PlannedCluster } from './plan.js';
import { preflight, ruleProblems, throwProblems } from './preflight.js';
import { warnOfShortages } from './shortages.js';
import { keyProblem } from './ssh-key.js';
import { toolsFor } from './tools.js';

export interface DraftInput {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  readonly cluster: ClusterRef;
  /** Undefined of a cluster that is only planned. */
  readonly record: ClusterRecord | undefined;
  readonly spec: ClusterSpec;
  /** The cluster's public SSH key; undefined while it has none. */
  readonly key: string | undefined;
  /** What a new machine is given; called when a step is run. */
  readonly userData: (machine: DesiredMachine) => Promise<string>;
  /** A plan goes without what a token for reading does not show, and without secrets that are missing. */
  readonly purpose: 'plan' | 'change';
}

/** What a run would do, and what it was made from. */
export interface Draft extends Pick<PlannedCluster, 'steps'> {
  readonly seen: Observation;
  /** What a plan could not look at; empty to change. */
  readonly unchecked: readonly Unchecked[];
  /** Shortages that were told of already. */
  readonly told: Set<string>;
}

/**
 * Looks at everything and says what a run would do, or why it would be refused. Changes nothing: `plan` shows it, `apply`
 * runs it, so that the two cannot differ.
 * @throws RefusedError and UsageError: everything for which a change is refused before its first step
 */
export async function draftCluster(context: WorkflowContext, input: DraftInput): Promise<Draft> {
  const { provider, folder, cluster, record, spec, key, userData, purpose } = input;
  const tools = toolsFor(context, provider, folder);
  const seen = await observe(context, tools, cluster, spec, key ?? context.newKeyPair().publicKey);
  const lost = record && keyProblem(folder, record, key, seen.facts);
  if (lost) throw lost;
  const told = warnOfShortages(context, seen.facts.nodes?.values());
  refuseLostControlPlane(spec.name, seen.facts);
  refuseOlderVersion(spec.name, seen.facts);
  if (record) refuseMovedAddress(record.spec, spec, seen.facts);
  const planFor = async (as: ComponentPurpose): Promise<PlannedCluster & Pick<Draft, 'unchecked'>> => {
    const components = await componentsToPlan(context, provider, cluster, spec, seen.facts.api, as);
    return { ...planCluster(cluster, spec, seen, tools, userData, components), unchecked: components.unchecked };
  };
  const planned = await planFor(purpose);
  if (planned.steps.length === 0) {
    throwProblems(await ruleProblems(provider, spec, seen, context.signal));
    return { steps: [], unchecked: planned.unchecked, seen, told };
  }
  const hostKeys = await hostKeyProblems(context, tools, seen, planned);
  const allowed = await preflight(provider, spec, seen, context.signal, hostKeys, purpose);
  // A token for reading is not the one that the cluster's components work with.
  const isReadOnly = allowed.some(({ code }) => code === 'TOKEN_READ_ONLY');
  const { steps, unchecked } = isReadOnly ? await planFor('plan-read-only') : planned;
  return { steps, unchecked: [...allowed, ...unchecked], seen, told };
}
