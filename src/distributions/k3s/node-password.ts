import type { Kube, KubeOptions } from '../../kube/types.js';

/**
 * Deletes the Secret by which k3s knows a node again, where it stays behind the node: it would keep a new machine of this
 * name from joining.
 */
export async function forgetNodePassword(
  kube: Pick<Kube, 'get' | 'delete'>,
  node: string,
  options: KubeOptions,
): Promise<void> {
  const metadata = { name: `${node}.node-password.k3s`, namespace: 'kube-system' };
  const password = { apiVersion: 'v1', kind: 'Secret', metadata };
  if (await kube.get(password, options)) await kube.delete(password, options);
}
