import { IncompleteError, messageOf, SlipwayError } from '../../../src/errors/index.js';
import type { ClusterRequest, Problem } from '../../../src/provider/port.js';
import { titleOf } from '../hosts.js';
import type { ObservedHost } from '../inventory.js';
import { missing } from './room.js';

export interface Reach {
  readonly problems: readonly Problem[];
  /** What is worth knowing, and stands in nobody's way. */
  readonly notes: readonly string[];
}

/**
 * Hosts that can't be entered. A wrong key or login is to be fixed in any case. One that is silent may be: whatever
 * it does for the cluster is dealt with on its own. But while machines are missing, nobody knows of a silent host that
 * was never seen before whether it is one of them.
 */
export function judgeReach(request: ClusterRequest, seen: readonly ObservedHost[]): Reach {
  const shut = seen.filter(({ error, listed }) => error !== undefined && listed);
  const incomplete = missing(request, seen).length > 0;
  const matters = ({ error, known }: ObservedHost): boolean => !isSilence(error) || (!known && incomplete);
  return {
    problems: shut.filter(matters).map(reachProblem),
    notes: shut
      .filter((one) => !matters(one))
      .map(({ host, claim, error }) => {
        const use = claim ? `it is ${claim.machine}` : 'it is not in use';
        return `${titleOf(host)} does not answer (${use}): ${messageOf(error)}`;
      }),
  };
}

const isSilence = (error: unknown): boolean =>
  error instanceof IncompleteError && (error.code === 'SSH_UNREACHABLE' || error.code === 'SSH_LOST');

/** Why a host can't be entered, and what to do about it. */
export function reachProblem({ host, error }: ObservedHost): Problem {
  const known = error instanceof SlipwayError ? error : undefined;
  const details = known?.details.map((line) => `\n  ${line}`).join('') ?? '';
  return {
    code: known?.code ?? 'SSH_UNREACHABLE',
    message: known ? `${known.message}${details}` : `${titleOf(host)} can't be entered: ${messageOf(error)}.`,
    hint: isSilence(error)
      ? `Bring ${host.name} back or take it out of provider.hosts, then run the same command again.`
      : (known?.hint ?? 'Fix it, then run the same command again.'),
    kind: 'refused',
    path: `provider.hosts[${host.name}]`,
  };
}
