import type { NodeFacts } from '../../kube/types.js';
import { note, type WorkflowContext } from '../context.js';

const remedies: Readonly<Record<string, string>> = {
  'disk space': 'Make room below /var/lib/rancher and /var/lib/kubelet on it, or give it a larger disk.',
};

/** What nodes run short of, a sentence each. A full disk ends etcd and k3s before anybody is asked. */
export function shortages(nodes: Iterable<NodeFacts> | undefined): string[] {
  return [...(nodes ?? [])].flatMap(({ name, shortOf = [] }) =>
    shortOf.map((what) =>
      `${name} is short of ${what}: its kubelet takes no new pods and ends some of those it has. ${remedies[what] ?? ''}`.trim(),
    ),
  );
}

/** Tells of them beside whatever the run does. */
export function warnOfShortages(
  context: Pick<WorkflowContext, 'reporter' | 'clock'>,
  nodes: Iterable<NodeFacts> | undefined,
): void {
  for (const text of shortages(nodes)) note(context, text, 'warning');
}
