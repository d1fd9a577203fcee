/**
 * Votes that etcd needs of so many voting members: more than half. The sandbox’s own, so that a product that counts
 * wrongly meets an etcd that does not.
 */
export function quorumOf(voters: number): number {
  let votes = 0;
  while (votes * 2 <= voters) votes += 1;
  return votes;
}
