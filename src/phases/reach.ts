import type { Secret } from '../domain/secret.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterApi, Tools } from './context.js';

/** The cluster's API and nodes, if it answers. @throws IncompleteError code KUBE_UNAUTHORIZED */
export async function reach(
  context: Pick<Tools, 'openApi'> & { readonly signal: AbortSignal },
  kubeconfig: Secret,
): Promise<{ api: ClusterApi; nodes: ReadonlyMap<string, NodeFacts> } | undefined> {
  const api = await context.openApi(kubeconfig, context.signal);
  if (!(await api.kube.reachable({ signal: context.signal }))) return undefined;
  const nodes = await api.kube.nodes({ signal: context.signal });
  return { api, nodes: new Map(nodes.map((node) => [node.name, node])) };
}
