import type { Machine } from '../../domain/machine.js';
import type { NodeFacts } from '../../kube/types.js';
import { note, type WorkflowContext } from '../context.js';

const remedies: Readonly<Record<string, string>> = {
  'disk space': 'Make room below /var/lib/rancher and /var/lib/kubelet on it, or give it a larger disk.',
};

/** What tells of shortages: kubelets of the disks they know, and providers of those they saw from inside. */
export interface Noticed {
  readonly nodes: Iterable<NodeFacts> | undefined;
  readonly machines: readonly Pick<Machine, 'name' | 'fullDisks'>[];
}

/** What machines run short of, a sentence each. A full disk ends the control plane before anybody is asked. */
export function shortages({ nodes, machines }: Noticed): string[] {
  const ofNodes = [...(nodes ?? [])].flatMap(({ name, shortOf = [] }) =>
    shortOf.map((what) =>
      `${name} is short of ${what}: its kubelet takes no new pods and ends some of those it has. ${remedies[what] ?? ''}`.trim(),
    ),
  );
  const ofMachines = machines.flatMap(({ name, fullDisks = [] }) =>
    fullDisks.map(
      ({ path, freeMiB }) =>
        `${name} has ${freeMiB} MiB left on the disk of ${path}: the control plane ends when it is full. Make room there, or give it a larger disk.`,
    ),
  );
  return [...ofNodes, ...ofMachines];
}

/** Tells of them beside whatever the run does. */
export function warnOfShortages(context: Pick<WorkflowContext, 'reporter' | 'clock'>, noticed: Noticed): void {
  for (const text of shortages(noticed)) note(context, text, 'warning');
}
