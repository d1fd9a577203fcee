import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError } from '../../errors/index.js';
import type { MachineProvider } from '../../provider/port.js';
import { checkArchitectures } from '../component/architectures.js';
import type { ComponentState } from '../component/planned.js';
import type { WorkflowContext } from '../context.js';
import type { Observation } from './observe.js';
import { ruleProblems } from './preflight.js';

/** Rules of the file that the cluster as it is does not keep, each with what to do. */
export async function brokenRules(
  context: WorkflowContext,
  provider: MachineProvider,
  rules: ClusterSpec,
  { request, facts }: Observation,
  state: ComponentState | undefined,
): Promise<string[]> {
  const problems = await ruleProblems(provider, rules, { request, facts }, context.signal);
  const broken = problems.map(({ message, hint }) => `${message} ${hint}`);
  if (!state) return broken;
  const { judgedEndpoints, endpointText } = await import('../../components/index.js');
  const outside = judgedEndpoints(state.selection, rules.provider.residency).filter(
    ({ verdict }) => verdict === 'outside',
  );
  broken.push(...outside.map((place) => `${endpointText(place)}, outside the residency.`));
  // Its warnings are for those who change something.
  const quiet = { ...context, reporter: { emit: () => undefined } };
  try {
    await checkArchitectures(quiet, provider, state.selection, rules, async () => facts.nodes?.values() ?? []);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    broken.push([error.message, error.hint].join(' '));
  }
  return broken;
}
