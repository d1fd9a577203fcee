export interface Cause {
  readonly code: string;
  readonly text: string;
  /** Waiting does not repair it. */
  readonly final: boolean;
}

/** The table of start-k3s.sh, with the same patterns. */
const causes: readonly (readonly [RegExp, string, string])[] = [
  [
    /token ca hash does not match/,
    'CA_MISMATCH!',
    'the token belongs to another cluster: its CA hash does not match the server’s',
  ],
  [/encrypted with different token/, 'BAD_TOKEN!', 'this cluster was made with another token'],
  [
    /failed to normalize (server )?token|invalid (bearer )?token|token is not valid|not authorized|401 unauthorized|failed to validate token/,
    'BAD_TOKEN!',
    'the server does not take the token',
  ],
  [
    /node password rejected/,
    'NODE_PASSWORD_REJECTED',
    'the cluster knows another machine by this name: delete its Node object first (node password rejected)',
  ],
  [
    /critical configuration (value )?mismatch/,
    'CONFIG_MISMATCH!',
    'a setting that must be equal on all servers differs from the cluster’s',
  ],
  [/panic: /, 'K3S_PANICS!', 'it ends each time with a panic'],
  [/flag provided but not defined/, 'UNKNOWN_FLAG!', 'this k3s does not know one of the settings'],
  [/address already in use/, 'PORT_IN_USE', 'a port that k3s needs is taken by another program'],
  [/no space left on device/, 'DISK_FULL', 'the disk is full: no space is left below /var/lib/rancher'],
  [/cgroup ?v1/, 'CGROUP_V1!', 'this system has cgroup v1, which Kubernetes no longer takes'],
  [/too many learner/, 'LEARNER_PENDING', 'another server is still joining'],
  [
    /no bootstrap data found in datastore/,
    'NO_BOOTSTRAP_DATA!',
    'its etcd has files but no bootstrap data in them, as when it was stopped while it made them',
  ],
  [
    /connection refused|i\/o timeout|no route to host|context deadline exceeded/,
    'SERVER_UNREACHABLE',
    'the other servers can’t be reached',
  ],
];

/** `taken_out` of the script: etcd of this run was told that it is no member any more. */
export const isTakenOut = (lines: readonly string[]): boolean =>
  lines.some((line) => /member has been permanently removed|node has been removed from the cluster/i.test(line));

/** The last known cause in the lines of a journal. */
export function causeIn(lines: readonly string[]): Cause | undefined {
  let last: Cause | undefined;
  for (const line of lines) {
    for (const [pattern, code, text] of causes) {
      if (pattern.test(line.toLowerCase())) last = { code: code.replace('!', ''), text, final: code.endsWith('!') };
    }
  }
  return last;
}
