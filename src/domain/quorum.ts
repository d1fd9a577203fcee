/** Votes needed among `members` etcd members: floor(n/2)+1. */
export const quorum = (members: number): number => Math.floor(members / 2) + 1;

/** Whether one voter may be taken away on purpose while `healthy` of `members` vote: the rest must still be a quorum of the rest. */
export function mayRemoveVoter(members: number, healthy: number, removedIsHealthy: boolean): boolean {
  if (members <= 1) return false;
  const left = healthy - (removedIsHealthy ? 1 : 0);
  return left >= quorum(members - 1) && healthy >= quorum(members);
}

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
