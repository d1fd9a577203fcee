import type { KubeObject } from '../../kube/types.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { componentDeadlines } from './deadlines.js';

const nodeKind = { apiVersion: 'v1', kind: 'Node' } as const;

/** Waits until some node takes ordinary pods, so that the deadlines of charts are not spent on machines that boot. */
export async function untilSchedulableNode({ kube, cluster }: ComponentTools, run: ComponentRun): Promise<void> {
  await kube.until(
    {
      what: 'a node that takes pods',
      code: 'NO_NODE',
      kinds: [nodeKind],
      check: (view, say) => {
        const nodes = view.all(nodeKind);
        if (nodes.some(isSchedulable)) return true;
        say(nodes.length === 0 ? 'there is no node yet' : 'no node is Ready and free of taints yet');
        return undefined;
      },
    },
    {
      ...run,
      deadlineMs: componentDeadlines.node,
      hint: `See the nodes: slipway cluster status ${cluster}`,
    },
  );
}

export function isSchedulable(node: KubeObject): boolean {
  const { taints = [], unschedulable } = (node['spec'] ?? {}) as {
    readonly taints?: readonly { readonly effect: string }[];
    readonly unschedulable?: boolean;
  };
  const { conditions = [] } = (node['status'] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return (
    unschedulable !== true &&
    !taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}
