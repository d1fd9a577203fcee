/** Labels of these namespaces that the kubelet itself may set (kubelet's NodeRestriction list). */
const allowedKeys = new Set([
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const allowedPrefix = /^([^/]+\.)?(kubelet|node)\.kubernetes\.io\//;

/**
 * Those labels that a node may give itself when it registers. A kubelet does not start with others in the kubernetes.io and
 * k8s.io namespaces (`node-role.kubernetes.io/web`); they are set through the API after the join.
 */
export function selfAssignableLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => selfAssignable(key)));
}

function selfAssignable(key: string): boolean {
  const [namespace = '', name] = key.split('/', 2);
  if (name === undefined) return true;
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(namespace)) return true;
  return allowedKeys.has(key) || allowedPrefix.test(key);
}
