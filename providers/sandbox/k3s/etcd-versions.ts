/** The etcd inside a release of k3s. */
export function etcdIn(k3sVersion: string): string {
  const minor = Number(/^v1\.(\d+)/.exec(k3sVersion)?.[1] ?? 0);
  return minor >= 37 ? '3.7.1' : minor >= 34 ? '3.6.7' : '3.5.26';
}

const minorOf = (version: string): number => Number(version.split('.')[1]);

/** The version that members agree on: the lowest minor among them, never lower than it was. */
export function agreedVersion(before: string, members: readonly string[]): string {
  const lowest = Math.min(...members.map(minorOf));
  return Number.isFinite(lowest) && lowest > minorOf(before) ? `3.${lowest}.0` : before;
}

/** Why an etcd does not start on the data of a cluster of that version, in its own words; undefined: it does. */
export function etcdRefusal(k3sVersion: string, cluster: string): string | undefined {
  const server = etcdIn(k3sVersion);
  const ahead = minorOf(server) - minorOf(cluster);
  if (ahead > 1) return 'panic: unmarshal should never fail';
  if (ahead < 0)
    return `invalid downgrade; server version is lower than determined cluster version: current-server-version ${server}, determined-cluster-version ${cluster}`;
  return undefined;
}
