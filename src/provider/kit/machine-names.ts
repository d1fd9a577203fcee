import type { ClusterRequest, Problem } from '../port.js';

const hostName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Of many machines with the same fault this many are named. */
const shown = 3;

/** Names of machines that the provider would not take, or that Kubernetes would not take for nodes. */
export function machineNameProblems(
  { machines }: Pick<ClusterRequest, 'machines'>,
  { title, nameLimit }: { readonly title: string; readonly nameLimit: number },
): Problem[] {
  const tooLong = machines.filter(({ name }) => name.length > nameLimit);
  const malformed = machines.filter(({ name }) => name.length <= nameLimit && !hostName.test(name));
  return [
    ...tooLong.slice(0, shown).map(({ name }): Problem => ({
      code: 'NAME_TOO_LONG',
      kind: 'usage',
      message: `The machine name ${name} has ${name.length} characters; ${title} takes ${nameLimit}.`,
      hint: 'Shorten the name of the cluster or of the pool.',
    })),
    ...malformed.slice(0, shown).map(({ name }): Problem => ({
      code: 'NAME_FORM',
      kind: 'usage',
      message: `The machine name ${name} is not a host name.`,
      hint: 'Use small letters, digits and dashes in the names of the cluster and its pools.',
    })),
  ];
}
