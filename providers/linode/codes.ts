import { entries, type ErrorEntry } from '../../src/errors/index.js';

const again = 'Wait a minute, then run the same command again.';
const report = 'Please report it, with the lines that the error shows.';

/** What Linode's API says that Slipway has no code of its own for. Its answers are sentences; these are the kinds of them. */
export const linodeCodes = entries({
  LINODE_BUSY: [[1, 4], 'Something else runs on the Linode for longer than Slipway waits.', again],
  LINODE_INVALID: [1, 'The API refused what was asked for, in the words that the error shows.', report],
  LINODE_IN_USE: [[1, 4], 'Something that should be removed is still used.', again],
  LINODE_LABEL_TAKEN: [[1, 4], 'Something else in the account has that label.', 'Rename or remove it.'],
  LINODE_MAINTENANCE: [
    4,
    'Linode maintains its API and takes no requests.',
    'See status.linode.com, and run the same command again when that is over.',
  ],
  LINODE_NOT_FOUND: [1, 'Something that is needed does not exist at Linode.', 'Run the same command again.'],
  LINODE_NOT_YET: [4, 'Linode is still making it.', again],
  LINODE_PLACEMENT: [[1, 4], 'A placement group has no room for another machine.', again],
  LINODE_RATE_LIMITED: [4, 'The account has asked too much for longer than Slipway waits.', again],
  LINODE_SERVER_ERROR: [[1, 4], 'Linode’s API failed.', again],
  LINODE_SOLD_OUT: [4, 'Linode does not have the type in that region at the moment.', 'Try later, or ask for another.'],
});

declare module '../../src/errors/codes/provider-codes.js' {
  interface ProviderCodes extends Record<keyof typeof linodeCodes, ErrorEntry> {}
}

/** The code for a kind of answer. */
export function codeOfKind(kind: string): keyof typeof linodeCodes | undefined {
  const code = `LINODE_${kind.toUpperCase()}`;
  return code in linodeCodes ? (code as keyof typeof linodeCodes) : undefined;
}
