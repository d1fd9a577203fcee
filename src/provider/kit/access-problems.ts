import type { ClusterRequest, Problem } from '../port.js';

const everywhere = ['0.0.0.0/0', '::/0'];

/** Where no firewall of the provider’s stands before machines, a rule of the file that nothing would keep is worse than none. */
export function accessProblems({ sshAllow, apiAllow }: Pick<ClusterRequest, 'sshAllow' | 'apiAllow'>): Problem[] {
  const accesses = [
    { path: 'ssh.allow', allow: sshAllow },
    { path: 'kubernetes.api.allow', allow: apiAllow },
  ];
  return accesses
    .filter(({ allow }) => allow.some((range) => !everywhere.includes(range)))
    .map(({ path, allow }) => ({
      code: 'FIREWALL_NOT_MANAGED',
      message: `${path} lets only ${allow.join(', ')} in, but no firewall of ours stands before hosts of your own.`,
      hint: `Take ${path} out of the file, and let your own network guard them.`,
      kind: 'usage' as const,
      path,
    }));
}
