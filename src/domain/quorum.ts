/** Votes needed among `members` etcd members: floor(n/2)+1. */
export const quorum = (members: number): number => Math.floor(members / 2) + 1;

export interface EtcdHealth {
  readonly members: number;
  readonly voters: number;
  readonly needed: number;
  /** How many may fail from here. Negative: quorum is lost. */
  readonly spare: number;
}

export function etcdHealth(members: number, voters: number): EtcdHealth {
  const needed = quorum(members);
  return { members, voters, needed, spare: voters - needed };
}

/** A voting member of etcd; `voting`: it is up. */
export interface Voter {
  readonly name: string;
  readonly voting: boolean;
}

/**
 * Why a server may not be taken out of etcd, undefined when it may: the members must have a quorum now, or they could not
 * even agree on that, and what is left must have one. What is no voter costs none.
 */
export function quorumLoss(leaving: string, members: readonly Voter[]): string | undefined {
  const others = members.filter(({ name }) => name !== leaving);
  if (others.length === members.length) return undefined;
  const voters = (some: readonly Voter[]): number => some.filter(({ voting }) => voting).length;
  const now = etcdHealth(members.length, voters(members));
  if (now.spare < 0)
    return `Taking away ${leaving} takes the consent of ${now.needed} of ${now.members} servers in etcd, and only ${now.voters} of them ${now.voters === 1 ? 'votes' : 'vote'}.`;
  const then = etcdHealth(others.length, voters(others));
  if (others.length > 0 && then.spare >= 0) return undefined;
  return `Taking away ${leaving} would leave ${then.voters} of ${then.members} servers voting, fewer than the ${then.needed} that etcd needs.`;
}
