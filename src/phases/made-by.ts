import { type DesiredMachine, madeByKeys } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import type { ClusterApi, ClusterFacts } from './context.js';

type Facts = Pick<ClusterFacts, 'madeBy' | 'comparison'>;

/**
 * What a machine's node and, where the provider has labels, the machine itself are marked with. One that exists already was
 * made by what it was made by: only its configuration is new.
 */
export const madeByMarks = (
  { madeBy, comparison }: Facts,
  { name, role }: Pick<DesiredMachine, 'name' | 'role'>,
): Readonly<Record<string, string>> => {
  const made = [...comparison.missing, ...comparison.standbys.missing].find((machine) => machine.name === name);
  const template = made?.promotes ? made.promotes.labels[madeByKeys.template] : made && madeBy.template;
  return {
    [madeByKeys.config]: madeBy.config[role],
    ...(template === undefined ? {} : { [madeByKeys.template]: template }),
  };
};

/** Marks the node of a machine that was just started with what it is configured by. */
export const markNode = (
  facts: Facts,
  { kube }: ClusterApi,
  machine: Pick<DesiredMachine, 'name' | 'role'>,
  run: StepContext,
): Promise<void> => kube.patchNode(machine.name, { annotations: madeByMarks(facts, machine) }, run);
