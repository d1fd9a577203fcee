import type { DesiredMachine, Machine } from '../domain/index.js';
import type { Later, Step } from '../engine/index.js';
import type { PhaseContext } from '../phases/context.js';

/** How a machine becomes an image that nodes of a distribution are made from. */
export interface Images {
  /**
   * Steps after which the machine has all that a node needs to be started, and nothing that is its own: nobody logs in to it
   * any more. It never was a node.
   */
  prepare(
    context: Pick<PhaseContext, 'spec' | 'tools'>,
    place: Pick<DesiredMachine, 'name' | 'pool' | 'slot' | 'standby'>,
    release: string,
    machine: Later<Machine>,
  ): readonly Step[];
}
