import { entries, type ErrorEntry } from '../../src/provider/index.js';

/** The sandbox itself; what its cloud and its machines answer are their own words. */
export const sandboxCodes = entries({
  SANDBOX_HOST: [
    [1, 2],
    'A bare host of the sandbox was asked for in a way it does not know.',
    'Correct what the message names.',
  ],
  SANDBOX_PROFILE: [2, 'The sandbox has no setting of that name.', 'Choose one that the message names.'],
  SANDBOX_START: [1, 'The sandbox did not start.', 'Delete its state with `slipway sandbox reset`, and try again.'],
  SANDBOX: [
    1,
    'The sandbox did not take an order, or did not answer at all.',
    'See `slipway sandbox status`; end its process where it says nothing.',
  ],
  NO_ENDPOINT: [4, 'Nothing answers at an address in the sandbox.', 'See `slipway sandbox status`.'],
  BAD_TIME_SCALE: [2, '`SLIPWAY_SANDBOX_TIME_SCALE` is no number from 0 to 100.', 'Correct or unset it.'],
});

declare module '../../src/provider/index.js' {
  interface ProviderCodes extends Record<keyof typeof sandboxCodes, ErrorEntry> {}
}
